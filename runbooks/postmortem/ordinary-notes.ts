import type { EntryOf } from '../launch/entries.ts';
import { allOf } from './told.ts';
import type { Told } from './told.ts';

/** How the note begins that says what a launch cost. */
export const COST_HEAD = 'What the launch cost on top of what ran anyway';

const TASK_AS_ASKED = /^(?:Compile|Skip list|Sample|Count) \d+ (?:begins: |ends: set\. )/;

/** The bot's books rather than something that happened to a launch: its cost, and tasks of the audience that did what they were asked for. */
const isOrdinary = (text: string): boolean => text.startsWith(COST_HEAD) || TASK_AS_ASKED.test(text);

/** What the bot has noted of something that happened to a launch, at its beginning: that it is over is nothing that went wrong. */
export const botNotes = ({ entries }: Pick<Told, 'entries'>): EntryOf<'Noted'>[] =>
  allOf({ entries }, 'Noted').filter(({ by, text = '', over }) => 'system' in by && over !== true && !isOrdinary(text));
