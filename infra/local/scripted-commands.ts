import type { Launch } from '../../runbooks/launch/launch.ts';
import { until } from './scripted-person.ts';
import type { ScriptedPerson } from './scripted-person.ts';

/** Copies to everybody, and their answers: a gate about the copy can't be ticked before. */
export async function testAll(person: ScriptedPerson, launch: () => Promise<Launch | null>): Promise<void> {
  await mustGo(person, 'test all');
  await until('the test copies', 20_000, async () =>
    Object.values((await launch())?.tests ?? {}).some(({ results }) => results !== null),
  );
}

const CONFIRM = 'change.confirm';

/** Types a command and refuses to go on if the bot refused it. */
export async function mustGo(person: ScriptedPerson, text: string): Promise<void> {
  const answer = await person.go(text);
  if (JSON.stringify(answer.blocks).includes(CONFIRM)) {
    // What goes far asks the same person once more.
    await person.press(await until('the second press', 10_000, async () => (await person.buttons(CONFIRM)).at(-1)));
    await until('the end of the question', 10_000, async () => (await person.buttons(CONFIRM)).length === 0);
    return;
  }
  if (/:no_entry:|:grey_question:/.test(JSON.stringify(answer.blocks)))
    throw new Error(`COMMAND_REFUSED \`/go ${text}\` was answered with: ${answer.text}`);
}

/** `evidence`: gates whose tick asks for some, by id. */
export async function tickGates(people: ScriptedPerson[], evidence: ReadonlySet<string> = new Set()): Promise<void> {
  const [first] = people;
  if (first === undefined) return;
  await mustGo(first, 'ready');
  const buttons = await until('the gates to tick', 10_000, async () => {
    const found = await first.buttons('gate.tick');
    return found.length > 0 ? found : null;
  });
  for (const button of buttons) {
    await first.press(button);
    const { gate } = JSON.parse(button.value ?? '{}') as { gate?: string };
    if (gate === undefined || !evidence.has(gate)) continue;
    const form = await until('the form of the tick', 10_000, async () => (await first.views()).at(-1));
    await first.submit(form.id, {
      note: { value: { type: 'plain_text_input', value: 'https://example.com/rehearsed' } },
    });
    await until('the end of the form', 10_000, async () => (await first.views()).length === 0);
  }
}

export async function timelineOf(person: ScriptedPerson): Promise<string> {
  const file = await until('the timeline in the channel', 15_000, async () =>
    (await person.messages()).flatMap((message) => message.files ?? []).findLast((one) => one.name.endsWith('.md')),
  );
  const answer = await person.file(file.url);
  if (!answer.ok) throw new Error(`TIMELINE_UNREADABLE ${file.url} answered ${answer.status}`);
  return await answer.text();
}
