import { blankMessage } from '../infra/aws/channel-message.ts';
import { sha256 } from '../infra/aws/sha256.ts';
import type { Entry, ItemPlace } from '../runbooks/launch/entries.ts';
import type { GivenWords, TimelineMessage } from '../runbooks/record/rows.ts';
import { people, T0_MS } from './properties/scene.ts';
import type { Scene } from './properties/scene.ts';

/** Words given by command or form, as a bot puts them: each as an item of a chain of channel messages, and an entry that names it. */
export class Given {
  readonly messages: (TimelineMessage & ItemPlace)[] = [];

  /** `user`: a Slack account. */
  item(user: string, text: string, given: GivenWords): ItemPlace {
    const seq = this.messages.length + 1;
    const place = { seq, hash: sha256(`item ${seq}`) };
    this.messages.push({ ...blankMessage(T0_MS), ts: `given ${seq}`, user, text, given, ...place });
    return place;
  }

  answer(scene: Scene, by: string, words: string, question: string): Entry {
    const item = this.item(people.find(({ id }) => id === by)?.slack[0] ?? '', words, { as: 'answer', question });
    return scene.does({ kind: 'answer-question', by, question, words, item });
  }

  guest(scene: Scene, guest: string, words: string, question: string): Entry {
    const first = this.messages.find(({ user }) => user === guest)?.seq ?? this.messages.length + 1;
    const item = this.item(guest, words, { as: 'answer', question });
    return scene.does({ kind: 'answer-as-guest', guest, as: `m${first}`, question, words, item });
  }
}
