import { z } from 'zod';
import { ask } from './actions/ask.ts';
import { automation } from './actions/automation.ts';
import { checklist } from './actions/checklist.ts';
import { fireWindow } from './actions/fire-window.ts';
import { load } from './actions/load.ts';
import { page } from './actions/page.ts';
import { prime } from './actions/prime.ts';
import { rehearsal } from './actions/rehearsal.ts';
import { remind } from './actions/remind.ts';
import { scale } from './actions/scale.ts';
import { setSwitch } from './actions/switch.ts';
import { testSend } from './actions/test-send.ts';
import { webhook } from './actions/webhook.ts';

/** What a step does: one file each. None fires: people do. What performs them is bot/conductor/effects/perform.ts. */
export const action = z.discriminatedUnion('kind', [
  scale,
  remind,
  checklist,
  setSwitch,
  fireWindow,
  ask,
  page,
  webhook,
  automation,
  load,
  prime,
  testSend,
  rehearsal,
]);
