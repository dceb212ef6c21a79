// The clients: which one acts, what it does, what becomes of it and of its link.
import { html, nothing, type TemplateResult } from 'lit'
import type { Member, Standing } from '../model/playground/roster.ts'
import type { App } from './app.ts'
import { action, check, choice, form, number, plainForm, qos, text } from './fields.ts'

/** Names of the states in the texts. */
const standings: Readonly<Record<Standing, string>> = {
  idle: 'idle',
  connecting: 'connecting',
  connected: 'connected',
  waiting: 'waiting',
  ended: 'ended',
  open: 'isOpen',
  closed: 'closed',
}

/** CONNECT of MQTT 3.1.1, to begin with. */
const example = '10 0f 0004"MQTT" 04 02 0000 0003"raw"'

export function clients(app: App): TemplateResult {
  const { roster, member } = app
  return html`
    <section class="clients" aria-labelledby="clients-title">
      <h2 id="clients-title" tabindex="-1">${app.say('clients')}</h2>
      ${
        roster.length === 0
          ? html`<p class="soft">${app.say('nobody')}</p>`
          : html`<fieldset class="roster">
              <legend class="hidden">${app.say('client')}</legend>
              ${roster.map(one => row(app, one, one.name === member?.name))}
            </fieldset>`
      }
      ${member ? (member.isRaw ? rawForms(app) : simulatedForms(app, member)) : nothing}
      ${member ? linkForms(app) : nothing} ${adding(app)} ${broker(app)}
    </section>
  `
}

const row = (app: App, { name, standing, isRaw }: Member, isChosen: boolean): TemplateResult => html`
  <label class=${`member ${standing}`}>
    <input type="radio" name="client" value=${name} .checked=${isChosen} @change=${() => app.choose(name)} />
    <span class="name">${name}</span>
    <span class="standing">${app.say(standings[standing])}${isRaw ? `, ${app.say('raw')}` : ''}</span>
  </label>
`

function simulatedForms(app: App, member: Member): TemplateResult {
  const isOver = member.standing === 'ended' || member.standing === 'idle'
  return html`
    ${form(app, 'publish', app.say('publish'), [
      text(app.say('topic'), 'topic', 'home/kitchen/temperature', true),
      text(app.say('payload'), 'payload', '21'),
      qos(app.say('qos'), 'qos', 1),
      number(app.say('expiry'), 'expiry', '', app.say('never')),
      check(app.say('retain'), 'retain'),
    ])}
    ${form(app, 'subscribe', app.say('subscribe'), [
      text(app.say('filter'), 'filter', 'home/#', true),
      qos(app.say('qos'), 'qos', 1),
      choice(
        app.say('retainHandling'),
        'retainHandling',
        ([0, 1, 2] as const).map(value => [value, app.say(retainHandling[value])]),
      ),
      check(app.say('noLocal'), 'noLocal'),
      check(app.say('retainAsPublished'), 'retainAsPublished'),
    ])}
    ${subscriptions(app, member)}
    <div class="group" role="group" aria-label=${app.say('life')}>
      <h3>${app.say('life')}</h3>
      <div class="actions">
        ${
          isOver
            ? action(app, 'reload', app.say('startClient'))
            : [
                action(app, 'disconnect', app.say('disconnect')),
                action(app, 'disconnect-will', app.say('disconnect-will')),
                action(app, 'kill', app.say('kill')),
                action(app, 'reload', app.say('reload')),
              ]
        }
        ${remove(app, member)}
      </div>
    </div>
  `
}

const retainHandling = ['retainHandling0', 'retainHandling1', 'retainHandling2'] as const

const remove = (app: App, { name }: Member): TemplateResult =>
  html`<button type="button" @click=${() => app.remove(name)}>${app.say('remove')}</button>`

function subscriptions(app: App, { name, subscriptions }: Member): TemplateResult | typeof nothing {
  if (subscriptions.length === 0) return nothing
  const end = (filter: string): void => {
    const data = new FormData()
    data.set('filter', filter)
    app.submit('unsubscribe', data)
  }
  return html`
    <ul class="filters" aria-label=${app.say('subscriptions', { client: name })}>
      ${subscriptions.map(
        ({ filter, qos }) => html`
          <li>
            <code>${filter}</code> <span class="soft small">${app.say('qosOf', { qos })}</span>
            <button type="button" aria-label=${app.say('unsubscribeFrom', { filter })} @click=${() => end(filter)}>
              ${app.say('unsubscribe')}
            </button>
          </li>
        `,
      )}
    </ul>
  `
}

const rawForms = (app: App): TemplateResult => html`
  <div class="group" role="group" aria-label=${app.say('rawTitle')}>
    <h3>${app.say('rawTitle')}</h3>
    <div class="actions">
      ${action(app, 'open', app.say('open-link'))} ${action(app, 'close', app.say('close'))}
      ${app.member ? remove(app, app.member) : nothing}
    </div>
    ${form(app, 'send', app.say('send'), text(app.say('bytesHex'), 'bytes', example, true))}
  </div>
`

const linkForms = (app: App): TemplateResult => html`
  <div class="group" role="group" aria-label=${app.say('link')}>
    <h3>${app.say('link')}</h3>
    <div class="actions">
      ${action(app, 'cut-now', app.say('cut-now'))} ${action(app, 'black-hole', app.say('black-hole'))}
    </div>
    <details>
      <summary>${app.say('linkMore')}</summary>
      ${form(app, 'latency', app.say('set-latency'), [
        number(app.say('latency'), 'latency', 100),
        number(app.say('jitter'), 'jitter', 0),
      ])}
      ${form(app, 'stall', app.say('do-stall'), number(app.say('stall'), 'stall', 2_000))}
      ${form(app, 'slow-reader', app.say('slow-reader'), number(app.say('rate'), 'rate', 50, app.say('unlimited')))}
      <h4>${app.say('cutAt')}</h4>
      ${form(app, 'cut', app.say('cut'), [
        choice(app.say('direction'), 'direction', [
          ['up', app.say('up')],
          ['down', app.say('down')],
        ]),
        number(app.say('after'), 'after', 10),
        number(app.say('clientLearns'), 'clientLearns', 300, app.say('never')),
        number(app.say('brokerLearns'), 'brokerLearns', 300, app.say('never')),
      ])}
    </details>
  </div>
`

const adding = (app: App): TemplateResult => html`
  <details class="adding" ?open=${app.roster.length === 0}>
    <summary>${app.say('addClient')}</summary>
    ${form(app, 'add', app.say('add'), [
      text(app.say('name'), 'name', 'tablet', true),
      choice(app.say('version'), 'version', [
        ['5', app.say('version5')],
        ['4', app.say('version4')],
        ['raw', app.say('versionRaw')],
      ]),
      number(app.say('keepAlive'), 'keepAlive', 0),
      number(app.say('sessionExpiry'), 'sessionExpiry', 3_600),
      check(app.say('cleanStart'), 'cleanStart'),
      check(app.say('reconnect'), 'reconnect', true),
      html`<h4>${app.say('will')}</h4>`,
      text(app.say('willTopic'), 'willTopic'),
      text(app.say('willPayload'), 'willPayload', 'offline'),
      qos(app.say('willQos'), 'willQos'),
      number(app.say('willDelay'), 'willDelay', 0),
      check(app.say('willRetain'), 'willRetain'),
    ])}
  </details>
`

const broker = (app: App): TemplateResult => html`
  <details>
    <summary>${app.say('broker')}</summary>
    ${form(
      app,
      'restart',
      app.say('restart'),
      choice(app.say('state'), 'state', [
        ['none', app.say('none')],
        ['written', app.say('written')],
      ]),
    )}
    <h3>${app.say('another')}</h3>
    <p class="soft small">${app.say('anotherAbout')}</p>
    ${another(app)}
  </details>
`

/** The scenario once more, in a world with other options. */
function another(app: App): TemplateResult {
  const { latency = 20, jitter = 0, seed = 7, store = false, broker } = app.scenario.world
  const fields = [
    number(app.say('latency'), 'latency', latency),
    number(app.say('jitter'), 'jitter', jitter),
    number(app.say('seed'), 'seed', seed),
    number(app.say('queue'), 'queue', broker?.queue?.messages ?? 1_000),
    check(app.say('store'), 'store', store),
  ]
  return plainForm('another', app.say('remake'), fields, data => app.remake(data))
}
