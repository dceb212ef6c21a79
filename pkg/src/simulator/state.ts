/** Where a world stands. Times are in milliseconds on its clock. */
export interface Position {
  readonly now: number
  /** Actions and events that have happened: the name of this point for `rewindTo`. */
  readonly moment: number
  /** Length of the trace. */
  readonly entries: number
  /** Number over all that happened, in 16 hexadecimal digits. The same run has the same. */
  readonly hash: string
  /** Name of the current branch. */
  readonly branch: string
  /** Time at the end of the branch. */
  readonly end: number
  /** Moments of the branch. */
  readonly moments: number
  /** True before the end of the branch. An action here makes a new branch. */
  readonly isPast: boolean
  /** Time of the next event; undefined if none is pending. */
  readonly nextAt?: number
}

/** A pending event, which `choose` makes the next. */
export type Choice = { readonly at: number } & (
  | { readonly type: 'opens'; readonly link: number }
  /** The first packet under way arrives, or the other end's close. */
  | { readonly type: 'arrives'; readonly link: number; readonly direction: 'up' | 'down' }
  /** The receiving host learns that the link is broken. */
  | { readonly type: 'learns'; readonly link: number; readonly direction: 'up' | 'down' }
  /** A client's timer; without a place the broker's. */
  | { readonly type: 'timer'; readonly place?: string }
  | { readonly type: 'stored' }
)

/** A run from the beginning, under a name. */
export interface Branch {
  readonly name: string
  readonly end: number
  readonly moments: number
  readonly isCurrent: boolean
}
