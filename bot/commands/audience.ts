import { skipListOf } from '../../contract/compile-state.ts';
import { audienceRefOf, manifestKeyOf } from '../../contract/manifest.ts';
import { readManifest } from '../../infra/aws/manifest-store.ts';
import { unmetPrecondition } from '../../runbooks/launch/authority.ts';
import { listed } from '../../runbooks/launch/words.ts';
import { audienceRefused, cancelCompile, runsAlready } from '../cancel-compile.ts';
import { submitAs } from '../desk.ts';
import { askSkipRefused } from '../skip-refused.ts';
import { takeSample } from '../take-sample.ts';
import { code, done, info, refused } from '../views/answers.ts';
import { audienceMessage, runTitle } from '../views/compile.ts';
import type { CompileRun } from '../views/compile.ts';
import { compileArguments } from './compile-arguments.ts';
import { didYouMean } from './nearest.ts';
import { misuse, submit } from './subcommand.ts';
import type { Answer, PersonAsk, Subcommand } from './subcommand.ts';

const VERBS = ['compile', 'take', 'skip-refused', 'outcomes', 'cancel', 'accept'];

export const audience: Subcommand = {
  name: 'audience',
  usage: [
    'audience',
    'audience compile --users uploads/users.csv --device-table users',
    'audience compile … --map token=push.token --fallback-locale en --suppress uploads/opted-out.csv --skip uploads/bad-tokens.txt',
    'audience take',
    'audience skip-refused',
    'audience skip-refused of superbowl-2027-02-14-rehearsal-1',
    'audience outcomes',
    'audience cancel',
    'audience accept',
  ],
  group: 'Prepare',
  needs: 'person',
  does: 'Compiles the audience from a list of users in the bucket and a table of devices, in a task of its own, and sets it. `take` sets the sample of a rehearsal that sends. `skip-refused` puts the tokens that the last rehearsal, or another launch, was refused for good on the skip list. `outcomes` counts closed shots by language, and puts their refused tokens down for the owner of the table of devices.',
  async run(ask) {
    const [verb = '', ...words] = ask.typed.words;
    switch (verb.toLowerCase()) {
      case '':
        return audienceMessage(ask.launch, await ask.desk.conductor.lastCompile(ask.launch.id));
      case 'compile':
        return compile(ask, words);
      case 'take':
        return words.length === 0
          ? takeSample(ask)
          : misuse(audience, `${code(words.join(' '))}: whom it goes to was said when the rehearsal was begun.`);
      case 'skip-refused':
        return skipRefused(ask, words);
      case 'outcomes':
        return outcomes(ask);
      case 'cancel':
        return cancelCompile(ask, null);
      case 'accept':
        return accept(ask);
      default:
        return misuse(audience, `${code(verb)} is none of ${listed(VERBS, 'or')}.${didYouMean(verb, VERBS)}`);
    }
  },
};

async function compile(ask: PersonAsk, words: readonly string[]): Promise<Answer> {
  const { desk, launch, person } = ask;
  if (desk.cloud.audienceTasks === null)
    return refused(
      'NO_AUDIENCE_TASK',
      'This bot has no task that compiles audiences (GOBUTTON_AUDIENCE_TASK). From a terminal: npm run audience -- compile --users users.csv --device-table NAME --launch ID --as PERSON.',
    );
  const read = compileArguments(words, {
    bucket: desk.bucket,
    locales: Object.keys(launch.campaign.locales),
  });
  if (!read.ok) return misuse(audience, read.problem);
  // What would be refused at the end is refused here: nobody should wait for a compile to hear it.
  const refusal = audienceRefused(ask, 'compiling an audience');
  if (refusal !== null) return refusal;
  const run = await desk.conductor.askCompile(launch.id, { by: person.id, ...read.asked });
  if (run === null) return runsAlready(ask);
  return done(
    `Compile ${run.number} is on its way; the channel shows how far it is. \`/go audience cancel\` stops it, and until it is done nothing changes.`,
  );
}

function skipRefused(ask: PersonAsk, words: readonly string[]): Answer | Promise<Answer> {
  const [of, id, ...more] = words;
  if (of === undefined) return askSkipRefused(ask, null);
  return of.toLowerCase() === 'of' && id !== undefined && more.length === 0
    ? askSkipRefused(ask, id)
    : misuse(
        audience,
        `${code(words.join(' '))} names no launch: \`of\` and its id, or nothing for the last rehearsal.`,
      );
}

/** What a task reads for it the bot may not: it puts the counts into the record, and never sees a token. */
async function outcomes(ask: PersonAsk): Promise<Answer> {
  const { desk, launch, person } = ask;
  if (!Object.values(launch.shots).some(({ closed }) => closed !== null))
    return info('No shot of this launch is closed yet. Nothing was begun.');
  if (desk.cloud.audienceTasks === null)
    return refused(
      'NO_AUDIENCE_TASK',
      `This bot has no task that may read device tokens (GOBUTTON_AUDIENCE_TASK). From a terminal: npm run audience -- outcomes --launch ${launch.id} --out refused.csv.`,
    );
  const refusal = unmetPrecondition(launch, { kind: 'record-outcomes', by: person.id, shots: [], refused: null });
  if (refusal !== null) {
    desk.refusals.note(launch.id, ask.slackId, { what: 'counting outcomes', code: refusal.code, say: refusal.say });
    return refused(refusal.code, refusal.say);
  }
  const run = await desk.conductor.askCompile(launch.id, { by: person.id, outcomes: true });
  return run === null
    ? runsAlready(ask)
    : done(`${runTitle(run)} is on its way; the channel shows how far it is. \`/go audience cancel\` stops it.`);
}

/** As it was compiled, in the name of who has looked at it. */
async function accept(ask: PersonAsk): Promise<Answer> {
  const run = await ask.desk.conductor.lastCompile(ask.launch.id);
  const hash = waiting(run);
  if (run === null || hash === null) return info('No compiled audience waits for anybody. Nothing was changed.');
  const key = manifestKeyOf(hash);
  const made = audienceRefOf(await readManifest(ask.desk.cloud.objects, key), key);
  const skip = run.end?.skip ?? null;
  // First: with the audience alone those would get the push whom it is to leave out.
  if (skip !== null && ask.launch.skipList?.hash !== skip.hash) {
    const make = (by: string) => ({ kind: 'set-skip-list', by, ...skipListOf(skip) }) as const;
    const set = await submitAs(ask.desk, ask.launch.id, ask.slackId, make);
    if (!set.ok) return refused(set.code, `${set.say} The audience was not set either.`);
  }
  return submit(
    ask,
    (by) => ({ kind: 'set-audience', by, audience: made }),
    () => done(`The audience of compile ${run.number} is set as it is${skip === null ? '' : ', and its skip list'}.`),
  );
}

const waiting = (run: CompileRun | null): string | null => (run?.end?.how === 'stored' ? run.end.hash : null);
