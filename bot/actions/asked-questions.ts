import { postmortemOf } from '../../runbooks/postmortem/postmortem.ts';
import { makeDocument } from '../timeline-page/documents.ts';

type Read = Parameters<typeof makeDocument>[1];

/** So many take some 50 ms here, and 50,000 would take two seconds, in which no HALT is heard. */
const HERE_MOST = 2_000;

/** By launch: whoever else asks meanwhile, as anybody in its channel may, has the same. */
const underWay = new Map<string, Promise<string[]>>();

/** What the postmortem of this record asks people; of a long one in a thread, as no press waits for it. Rejects as `makeDocument` does. */
export async function questionsIn(launchId: string, record: Read): Promise<string[]> {
  const { entries, messages } = record;
  if (entries.length + messages.length <= HERE_MOST)
    return postmortemOf(entries, messages, { chain: { ok: true } })?.asked ?? [];
  const standing = underWay.get(launchId);
  if (standing !== undefined) return standing;
  const asked = inThread(launchId, record).finally(() => underWay.delete(launchId));
  underWay.set(launchId, asked);
  return asked;
}

async function inThread(launchId: string, record: Read): Promise<string[]> {
  const beside = { slackNames: new Map(), curves: {}, links: new Map(), seen: null, trusted: null };
  const made = await makeDocument({ name: 'questions', launchId, ...beside }, record);
  return made === null ? [] : (JSON.parse(new TextDecoder().decode(made.markdown)) as string[]);
}
