import type { KnownBlock } from '@slack/types';

/** What is posted: `text` is the notification and the fallback, `blocks` what people see. */
export interface Message {
  text: string;
  blocks: KnownBlock[];
}
