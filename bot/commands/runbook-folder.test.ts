import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../infra/local/slack/for-tests.ts';
import { RUNBOOK, startRig, textOf } from '../../test/bot-rig.ts';
import type { Rig } from '../../test/bot-rig.ts';
import { listRunbooks, readRunbook } from './runbook-folder.ts';

describe('bad files in the folder of runbooks', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
    const put = (name: string, text: string | Buffer) => writeFile(join(rig.runbooksDir, name), text);
    await put('draft.yaml', 'version: 1\nid: draft\ntitle: *common\n');
    await put(
      'bomb.yaml',
      `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefghi'
        .split('')
        .map((name, at) => `${name}: &${name} [${`*${'abcdefgh'[at]}, `.repeat(9)}]`)
        .join('\n')}\n`,
    );
    await put('deep.yaml', '- '.repeat(10_000));
    await put('cut.yaml', RUNBOOK.replace('body: Dies ist nur eine Übung.', 'body: Dies ist #nur eine Übung.'));
    await put('utf16.yaml', Buffer.from(`\uFEFF${RUNBOOK}`, 'utf16le'));
    await put('twin.yaml', RUNBOOK);
    await put('twin.yml', RUNBOOK);
    await put('.#drill.yaml', 'an editor left this');
    await put('huge.yaml', '');
    await truncate(join(rig.runbooksDir, 'huge.yaml'), 3_000_000_000);
    await mkdir(join(rig.runbooksDir, 'folder.yaml'));
    await symlink('/nowhere/at/all', join(rig.runbooksDir, 'dangling.yaml'));
    execFileSync('mkfifo', [join(rig.runbooksDir, 'pipe.yaml')]);
    await put('good.yaml', RUNBOOK.replace('id: drill', 'id: good').replace('title: Fire drill', 'title: A good one'));
    await put('secret.yaml', RUNBOOK);
    await chmod(join(rig.runbooksDir, 'secret.yaml'), 0o000);
  });
  afterAll(() => rig.stop());

  it('are listed with their first problem and its line, and hide no good one', async () => {
    const listed = new Map(
      (await listRunbooks(rig.runbooksDir)).map(({ id, file, problem }) => [id === 'twin' ? file : id, problem]),
    );
    expect([listed.get('drill'), listed.get('good')]).toEqual([null, null]);
    expect(listed.get('draft')).toMatch(/^draft\.yaml:3:8 title: found the alias \*common in place of a text/);
    expect(listed.get('bomb')).toMatch(/^bomb\.yaml:\d+:\d+ .*unfolds to more than/);
    expect(listed.get('deep')).toMatch(/^deep\.yaml:1:\d+ found nesting deeper/);
    expect(listed.get('cut')).toMatch(/^cut\.yaml:\d+:\d+ .*"#nur eine Übung/);
    expect(listed.get('utf16')).toMatch(/^utf16\.yaml:1:1 found NUL characters: this looks like UTF-16/);
    expect(listed.get('huge')).toMatch(/^huge\.yaml:1:1 found 3,000,000,000 bytes/);
    expect(listed.get('folder')).toMatch(/^folder\.yaml:1:1 found no file/);
    expect(listed.get('dangling')).toMatch(/^dangling\.yaml:1:1 found a file that can't be read \(ENOENT\)/);
    expect(listed.get('pipe')).toMatch(/^pipe\.yaml:1:1 found no file/);
    expect(listed.get('twin.yaml')).toMatch(/^twin\.yaml:1:1 found twin\.yml beside it/);
    if (process.getuid?.() !== 0) expect(listed.get('secret')).toMatch(/EACCES/);
    expect(listed.has('.#drill')).toBe(false);
    expect(await listRunbooks(join(rig.runbooksDir, 'nowhere'))).toEqual([]);
  });

  it('are read anew once they are mended', async () => {
    const file = join(rig.runbooksDir, 'mend.yaml');
    await writeFile(file, 'version: 1');
    const problem = async () => (await listRunbooks(rig.runbooksDir)).find(({ id }) => id === 'mend')?.problem;
    expect(await problem()).toContain('mend.yaml:1:1');
    await writeFile(file, RUNBOOK);
    expect(await problem()).toBeNull();
    expect((await readRunbook(rig.runbooksDir, 'mend.yaml')).loaded.ok).toBe(true);
  });

  it('are read anew when a file that they include has changed; what is included is no runbook itself', async () => {
    const put = (name: string, text: string) => writeFile(join(rig.runbooksDir, name), text);
    const people = RUNBOOK.slice(RUNBOOK.indexOf('people:'), RUNBOOK.indexOf('pool:'));
    await put('who.yaml', people);
    await put('split.yaml', RUNBOOK.replace(people, 'include: [who.yaml]\n').replace('id: drill', 'id: split'));
    const named = async (id: string) => (await listRunbooks(rig.runbooksDir)).find((one) => one.id === id);
    expect(await named('split')).toMatchObject({ ownId: 'split', problem: null });
    expect(await named('who')).toBeUndefined();
    await put('who.yaml', people.replace('roles: [on-call]', 'roles: [boss]'));
    expect((await named('split'))?.problem).toMatch(/^who\.yaml:\d+:\d+ people\.\d\.roles\.0: found "boss"/);
    await put('who.yaml', people);
    expect((await named('split'))?.problem).toBeNull();
    await rm(join(rig.runbooksDir, 'who.yaml'));
    expect((await named('split'))?.problem).toMatch(
      /^split\.yaml:\d+:\d+ include\.0: found who\.yaml, a file that can't be read/,
    );
    await rm(join(rig.runbooksDir, 'split.yaml'));
  });

  it('are named in the room wherever runbooks are, and the good ones go on', async () => {
    const nothing = await rig.ask(rig.ana, 'status');
    expect(nothing).toContain('`drill` `good`');
    expect(nothing).toContain('draft.yaml:3:8 title: found the alias');
    const unknown = await rig.ask(rig.ana, 'create banana in 1h');
    expect(unknown).toContain('There is `drill` `good`');
    expect(unknown).toContain('With problems: bomb.yaml:');
    expect(await rig.ask(rig.ana, 'create draft in 1h')).toContain('draft.yaml:3:8 title: found the alias *common');
    expect(await rig.ask(rig.ana, 'create twin in 1h')).toContain('expected one file of that name');
    expect(await rig.ana.go('create')).toMatchObject({ ok: true });
    const form = await until('the form', async () => (await rig.ana.views())[0]);
    expect(form.html).toContain('A good one');
    expect(form.html).toContain('draft.yaml:3:8');
    // Its own target, where nobody says when.
    await writeFile(
      join(rig.runbooksDir, 'dated.yaml'),
      RUNBOOK.replace('id: drill', 'id: dated\ntarget: 2099-02-14 18:30 America/New_York'),
    );
    expect(await rig.ask(rig.ana, 'create good')).toContain('When is the target?');
    expect(await rig.ask(rig.ana, 'create dated')).toContain('no time of these years');
    await writeFile(
      join(rig.runbooksDir, 'dated.yaml'),
      RUNBOOK.replace(
        'id: drill',
        `id: dated\ntarget: ${new Date(Date.now() + 7_200_000).toISOString().slice(0, 16)}Z`,
      ),
    );
    expect(await rig.ask(rig.ana, 'create dated')).toContain('Created');
    expect((await rig.ana.messages()).map(textOf).join('\n')).not.toContain('Something went wrong');
  });
});
