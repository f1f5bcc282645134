/** How the note begins that says what a launch cost. */
export const COST_HEAD = 'What the launch cost on top of what ran anyway';

const TASK_AS_ASKED = /^(?:Compile|Skip list|Sample|Count) \d+ (?:begins: |ends: set\. )/;

/** The bot's books rather than something that happened to a launch: its cost, and tasks of the audience that did what they were asked for. */
export const isOrdinary = (text: string): boolean => text.startsWith(COST_HEAD) || TASK_AS_ASKED.test(text);
