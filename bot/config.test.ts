import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { describeConfigProblems } from '../infra/environment.ts';
import { US_EAST_1 } from '../runbooks/cost/prices.ts';
import { KEY_ENV } from '../test/keys.ts';
import { parseConfig } from './config.ts';

const good = {
  SLACK_BOT_TOKEN: 'xoxb-1-secret',
  SLACK_APP_TOKEN: 'xapp-1-secret',
  AWS_REGION: 'us-east-1',
  GOBUTTON_BUCKET: 'gobutton',
  ...KEY_ENV,
};

describe("the bot's configuration", () => {
  it('reports every problem at once, by variable, with what was found and what was expected', () => {
    const parsed = parseConfig({
      SLACK_MODE: 'carrier-pigeon',
      SLACK_BOT_TOKEN: 'xoxp-user-token',
      AWS_REGION: '',
      BOT_PORT: '99999',
      SLACK_API_URL: 'slack.com',
      LOG_LEVEL: 'loud',
    });
    expect(parsed.ok).toBe(false);
    if (parsed.ok) return;
    expect(parsed.problems.map((problem) => problem.variable).toSorted()).toEqual([
      'AWS_REGION',
      'BOT_PORT',
      'GOBUTTON_BOT_KEY',
      'GOBUTTON_BUCKET',
      'GOBUTTON_WORKER_PUBLIC_KEYS',
      'LOG_LEVEL',
      'SLACK_API_URL',
      'SLACK_APP_TOKEN',
      'SLACK_BOT_TOKEN',
      'SLACK_MODE',
    ]);
    const text = describeConfigProblems(parsed.problems);
    expect(text).toContain('BOT_PORT: found "99999", expected a port from 0 to 65535');
    expect(text).toContain('AWS_REGION: found nothing, expected an AWS region');
    expect(text).toContain('SLACK_MODE: found "carrier-pigeon", expected socket or http');
  });

  it('never repeats a secret', () => {
    const parsed = parseConfig({ ...good, SLACK_BOT_TOKEN: 'hunter2-hunter2' });
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(describeConfigProblems(parsed.problems)).not.toContain('hunter2');
  });

  it('wants the token of its mode, even when something else is wrong too', () => {
    const problems = (env: Record<string, string>) => {
      const parsed = parseConfig(env);
      return parsed.ok ? [] : parsed.problems.map((problem) => problem.variable);
    };
    expect(problems({ ...good, SLACK_MODE: 'http' })).toEqual(['SLACK_SIGNING_SECRET']);
    expect(problems({ ...good, SLACK_APP_TOKEN: '' })).toEqual(['SLACK_APP_TOKEN']);
    expect(problems({ ...good, SLACK_MODE: 'http', AWS_REGION: 'mars' })).toEqual([
      'AWS_REGION',
      'SLACK_SIGNING_SECRET',
    ]);
  });

  it('means production when no local address is given', () => {
    const parsed = parseConfig(good);
    expect(parsed).toMatchObject({
      ok: true,
      config: {
        slack: { apiUrl: null, receive: { mode: 'socket', connections: 2 } },
        cloud: { endpoint: null, tablePrefix: 'gobutton' },
        port: 3_000,
      },
    });
  });

  it('accepts an API address without its last slash', () => {
    expect(parseConfig({ ...good, SLACK_API_URL: 'http://127.0.0.1:4600/api' })).toMatchObject({
      ok: true,
      config: { slack: { apiUrl: 'http://127.0.0.1:4600/api/' } },
    });
  });

  it('takes a table of prices of its own region, and names what is wrong with another', () => {
    const table = (change: object) => JSON.stringify({ ...US_EAST_1, ...change });
    const problems = (text: string) => {
      const parsed = parseConfig({ ...good, GOBUTTON_PRICES: text });
      return parsed.ok ? parsed.config.cloud.prices?.secretMonth : parsed.problems.map(({ expected }) => expected);
    };
    const EXPECTED = 'a table of prices of AWS_REGION in JSON, as `npm run size -- --show-prices` prints one';
    expect(problems(table({ secretMonth: 0.3 }))).toBe(0.3);
    expect(problems('{')).toEqual([EXPECTED]);
    expect(problems(table({ region: 'eu-west-1' }))).toEqual([EXPECTED]);
    expect(problems(table({ secretMonth: 'much' }))).toEqual([
      `${EXPECTED} (secretMonth: expected US dollars, 0 or more)`,
    ]);
  });

  it('knows no variable that .env.example leaves out', async () => {
    const documented = await readFile(new URL('../.env.example', import.meta.url), 'utf8');
    const source = await readFile(new URL('config.ts', import.meta.url), 'utf8');
    const read = [...source.matchAll(/^ +([A-Z][A-Z_]+): /gm)].map((match) => match[1] ?? '');
    expect(read.length).toBeGreaterThan(10);
    for (const variable of read) expect(documented, variable).toMatch(new RegExp(`^#? ?${variable}=`, 'm'));
  });
});
