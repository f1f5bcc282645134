import type { Page, Sent } from './outside.ts';
import { postJson } from './post-json.ts';

export interface PagerDuty {
  /** Of an Events API v2 integration. */
  key: string;
  url: string;
}

/** What PagerDuty takes of a summary (docs/facts.md#pagerduty-events). */
const SUMMARY_CHARS = 1_024;

/** The id is what PagerDuty keeps one incident by (`dedup_key`), so a second try changes nothing. */
export function page(
  { key, url }: PagerDuty,
  { id, summary, source, severity, link }: Page,
  limitMs?: number,
): Promise<Sent> {
  return postJson({
    url,
    headers: {},
    body: JSON.stringify({
      routing_key: key,
      event_action: 'trigger',
      dedup_key: id,
      payload: { summary: summary.slice(0, SUMMARY_CHARS).toWellFormed(), source, severity },
      links: link === null ? [] : [{ href: link, text: 'Playbook' }],
    }),
    whom: 'PagerDuty',
    hide: key,
    ...(limitMs === undefined ? {} : { limitMs }),
  });
}
