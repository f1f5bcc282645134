import type { Json } from '../state/model.ts';

/** The three kinds of payload an app gets. Events have no one waiting for them; the others have a person. */
export type PayloadKind = 'slash_commands' | 'interactive' | 'events_api';

/** Slack gives an app 3 s to acknowledge (docs/facts.md#slack-ack). */
export const ACK_MS = 3_000;

/** How the app answered: what came with the acknowledgement, or the word that Slack shows the person. */
export type Outcome =
  | { ok: true; body: unknown }
  | {
      ok: false;
      error: 'operation_timeout' | 'dispatch_failed' | 'http_client_error' | 'http_service_error';
      noRetry?: boolean;
    };

export interface Retry {
  num: number;
  reason: 'timeout' | 'http_error' | 'connection_failed';
}

/** Socket Mode or signed HTTP: brings one payload to the app and waits for the acknowledgement. */
export interface Transport {
  deliver(kind: PayloadKind, payload: Json, retry: Retry | null): Promise<Outcome>;
}
