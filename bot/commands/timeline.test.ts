import { afterEach, describe, expect, it, vi } from 'vitest';
import { grantedByManifest } from '../../infra/local/slack/app-manifest.ts';
import { until } from '../../infra/local/slack/for-tests.ts';
import { readyLaunch, startRig, textOf } from '../../test/bot-rig.ts';
import type { Rig } from '../../test/bot-rig.ts';

let rig: Rig;
afterEach(() => rig.stop());

const refusals = async (id: string) =>
  (await rig.cloud.record.messagesAfter(id, 0)).flatMap(({ user, refused }) =>
    refused === undefined ? [] : [{ user, ...refused }],
  );
const thread = async () => (await rig.ana.messages()).filter((message) => 'thread_ts' in message);

describe('the timeline', () => {
  it('has what was refused, who, what and why, and what was said and attached', async () => {
    rig = await startRig();
    const { id } = await readyLaunch(rig);
    await rig.ask(rig.mia, 'fire all');
    expect(await rig.press(rig.mia, 'fire.go')).toContain('second person');
    expect(await rig.ask(rig.olu, 'pace ios 100')).toContain('on-call');
    const found = await until('two refusals', async () => {
      const now = await refusals(id);
      return now.length >= 2 ? now : null;
    });
    expect(found).toMatchObject([
      {
        user: 'U0MARKET1',
        what: expect.stringMatching(/^pressing GO on F\d+$/) as string,
        code: 'SAME_PERSON',
        times: 1,
      },
      { user: 'U0OBSERVER', what: 'setting a switch (pace.ios)', code: 'ROLE_MISSING', times: 1 },
    ]);
    await rig.mia.say('R&D says <hi> @Ben Okafor');
    await until('the line', async () => (await rig.cloud.record.messagesAfter(id, 0)).some(({ text }) => text !== ''));
    await rig.mia.send('POST', 'files', { channel: 'C0WARROOM', name: 'plan.txt', base64: 'cGxhbg==' });
    const copy = await until('the copy', async () =>
      (await rig.cloud.record.messagesAfter(id, 0)).find(({ file }) => file !== undefined),
    );
    expect(Buffer.from((await rig.cloud.objects.get(copy.file?.key ?? '')) ?? []).toString()).toBe('plan');
    await rig.ask(rig.ana, 'timeline');
    const { files } = await until('the files', async () =>
      (await rig.ana.messages()).find((message) => message.files.length > 1),
    );
    const short = (await rig.ana.messages()).find((one) => textOf(one).includes('in short'));
    const order = (await rig.ana.messages()).find((one) => textOf(one).includes('asks to send'));
    const said = short === undefined ? '' : textOf(short);
    expect(said).toContain('*From the first ask');
    expect(said).toMatch(
      new RegExp(
        `\\^http://[^|^]+/archives/C0WARROOM/p${order?.ts.replace('.', '')}\\|[^>]+> T[-+][\\d:]+ \\*Mia Chen\\* asked to fire`,
      ),
    );
    const [text = '', page] = await Promise.all(
      files.map(async ({ url }) => (await fetch(new URL(url, rig.workspace.url))).text()),
    );
    expect(page).toContain('<p dir="auto">“R&amp;D says &lt;hi&gt; Ben Okafor”');
    expect(page).toMatch(/data-k="Refused".*was refused: pressing GO on F\d+ \(SAME_PERSON\)/);
    expect(text).toMatch(
      /\| Mia Chen \| was refused: pressing GO on F\d+ \(SAME\\_PERSON\): Mia Chen asked for this fire/,
    );
    expect(text).toContain('| Mia Chen | “R&D says \\<hi\\> Ben Okafor”');
    expect(text).toContain('never sent');
  });
});

describe('a document that can not be made', () => {
  it('is said to the asker, with the command that has more time, and nothing is posted', async () => {
    rig = await startRig();
    const { id } = await readyLaunch(rig);
    const odd = { ts: '1.1', user: '', text: '', atMs: 1, edits: null, deleted: false, permalink: null, files: null };
    vi.spyOn(rig.cloud.record, 'messagesAfter').mockResolvedValue([{ ...odd, seq: 1, hash: '' } as never]);
    const answer = await rig.ask(rig.ana, 'timeline');
    expect(answer).toContain('could not be made, so nothing was posted');
    expect(answer).toContain(`npm run go -- timeline --launch ${id}`);
    expect((await rig.ana.messages()).flatMap(({ files }) => files)).toEqual([]);
  });
});

describe('a timeline that Slack takes no file of', () => {
  it('comes as a thread, whole, and mentions nobody', async () => {
    rig = await startRig({
      workspace: { scopes: grantedByManifest().scopes.filter((scope) => scope !== 'files:write') },
    });
    const { id } = await readyLaunch(rig);
    await rig.mia.say('<!channel> look & see');
    await until('the line', async () => (await rig.cloud.record.messagesAfter(id, 0)).length > 0);
    expect(await rig.ask(rig.ana, 'timeline')).toContain('stands in a thread of the channel');
    const parts = await thread();
    const text = parts.map((part) => part.text).join('\n');
    expect(text).toContain('&lt;!channel');
    expect(text).not.toContain('<!channel');
    expect(text).toContain('## Timeline');
    expect(text).toContain('created the launch');
    expect(parts.every((part) => part.text.startsWith('```\n') && part.text.endsWith('\n```'))).toBe(true);
    expect((await rig.ana.messages()).find((message) => message.text.includes('Slack took no file'))?.text).toContain(
      'npm run go -- timeline --launch',
    );
    // Nor are there pictures of the texts.
    expect(await rig.ana.go('campaign preview en')).toMatchObject({ ok: true });
    await until(
      'the answer',
      async () =>
        (await rig.ana.messages()).some((one) => textOf(one).includes('The pictures could not be drawn or posted')),
      40_000,
    );
  });
});
