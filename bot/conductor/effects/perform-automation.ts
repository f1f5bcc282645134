import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Step } from '../../../runbooks/playbook/schema.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import { keepingCalls } from '../heard.ts';
import { GIVE_UP_MS } from './perform-outside.ts';
import type { Called } from './perform-outside.ts';

type Act = Extract<Step['do'], { kind: 'automation' }>;

/**
 * Starts the document of a step; AutomationWatch follows it from then on, and ends the step. Null: it was started, by this try or an
 * earlier one. Rejects if it has to be tried again.
 */
export async function startAutomation(context: Context, launch: Launch, id: string, act: Act): Promise<Called | null> {
  const { cloud, nowMs } = context;
  if ((await fact(context, launch.id, FACT.automation(id))) !== null) return null;
  const { document, version = null, parameters = {} } = act;
  const run = { launchId: launch.id, step: id, document, version, parameters: valuesOf(parameters) };
  const started = await keepingCalls(context, launch.id, stepCalls(id), () => cloud.automations.start(run));
  if (started.ok) {
    await keepFact(context, launch.id, FACT.automation(id), started.executionId);
    return null;
  }
  const sinceMs = launch.steps[id]?.atMs ?? nowMs();
  if (!started.again || nowMs() - sinceMs >= GIVE_UP_MS) return { say: started.say, refused: true };
  throw new Error(`AUTOMATION_NOT_STARTED ${id}: ${started.say}`);
}

/** Under which what AWS was asked of a step is kept. */
export const stepCalls = (id: string): string => `step/${id}`;

/** As AWS takes them: lists of text. */
const valuesOf = (parameters: NonNullable<Act['parameters']>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value].flat().map(String)]));
