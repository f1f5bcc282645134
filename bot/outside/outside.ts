/** What a step does beyond AWS and Slack. Each may be asked twice, with the same id, and is done once by whoever takes it. */
export interface Outside {
  page(page: Page): Promise<Sent>;
  /** `to`: its name in the configuration. */
  webhook(to: string, call: WebhookCall): Promise<Sent>;
}

export interface Page {
  /** The same for every try. */
  id: string;
  summary: string;
  /** What it is about: the launch. */
  source: string;
  severity: 'critical' | 'error';
  link: string | null;
}

export interface WebhookCall {
  /** The same for every try. */
  id: string;
  /** Of what it tells, in milliseconds. */
  atMs: number;
  data: object;
}

/** `again`: it may go through later. `say` is for people and holds no secret and no address. */
export type Sent = { ok: true; say: string } | { ok: false; again: boolean; say: string };
