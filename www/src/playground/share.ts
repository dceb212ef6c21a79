// A run as an address and as files.
import { html, type TemplateResult } from 'lit'
import type { World } from 'wasmqtt/simulator'
import { testOf } from '../model/playground/test-text.ts'
import type { App } from './app.ts'

interface Form {
  /** Name in the texts, with `About` behind it for its sentence. */
  readonly id: 'saveJson' | 'savePcapng' | 'saveMermaid' | 'saveSvg' | 'saveTest'
  readonly ending: string
  readonly type: string
  readonly write: (world: World, title: string) => string | Uint8Array
}

const forms: readonly Form[] = [
  { id: 'saveJson', ending: 'json', type: 'application/json', write: world => world.toJson() },
  { id: 'savePcapng', ending: 'pcapng', type: 'application/octet-stream', write: world => world.toPcapng() },
  { id: 'saveMermaid', ending: 'mmd', type: 'text/plain', write: world => world.toMermaid() },
  { id: 'saveSvg', ending: 'svg', type: 'image/svg+xml', write: world => world.toSvg() },
  { id: 'saveTest', ending: 'test.mjs', type: 'text/javascript', write: testOf },
]

export const share = (app: App): TemplateResult => html`
  <section class="below share" aria-labelledby="share-title">
    <h2 id="share-title">${app.say('share')}</h2>
    <div class="address">
      <label>
        ${app.say('address')}
        <input id="address" readonly .value=${addressNow(app)} @focus=${selectAll} />
      </label>
      <button type="button" @click=${() => copy(app)}>${app.say('copy')}</button>
    </div>
    <ul class="saves">
      ${forms.map(
        one => html`
          <li>
            <button type="button" data-save=${one.ending} @click=${() => save(app, one)}>
              ${app.say('save', { form: app.say(one.id) })}
            </button>
            <span class="soft small">${app.say(`${one.id}About`)}</span>
          </li>
        `,
      )}
    </ul>
  </section>
`

/** The address that opens this run, also before anything was done in it. */
function addressNow(app: App): string {
  // The address of the page follows each draw.
  return app.stage ? location.href : ''
}

const selectAll = (event: Event): void => (event.currentTarget as HTMLInputElement).select()

async function copy(app: App): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href)
    app.tell(app.say('copied'))
  } catch {
    document.getElementById('address')?.focus()
    app.tell(app.say('notCopied'))
  }
}

function save(app: App, { ending, type, write }: Form): void {
  const { stage, scenario, texts } = app
  if (!stage) return
  const content = write(stage.world, texts.scenarios[scenario.id]?.title ?? scenario.id)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([typeof content === 'string' ? content : content.slice()], { type }))
  link.download = `mqtt-${scenario.id}.${ending}`
  link.click()
  URL.revokeObjectURL(link.href)
  app.tell(app.say('saved', { file: link.download }))
}
