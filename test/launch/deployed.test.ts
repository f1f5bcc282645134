import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deploymentForTests, templatesForTests } from '../../infra/cdk/for-tests.ts';
import { standUp } from '../../infra/cdk/stand-up-for-tests.ts';
import { parseConfig } from '../../workers/config.ts';
import { KEY_ENV } from '../keys.ts';
import { startStage } from '../worker-stage.ts';
import type { Stage } from '../worker-stage.ts';

/**
 * From the synthesised templates to a fired rehearsal: a local account has the tables, queues, bucket and parameters that they define
 * and no other, and a worker is told what its container is told.
 */

const pem = (pair: { privateKey: KeyObject }) => String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
/** What Secrets Manager hands over besides. The worker of the stage has the providers' from there. */
const SECRETS = {
  ...KEY_ENV,
  APNS_KEY: pem(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  APNS_KEY_ID: 'ABC1234DEF',
  APNS_TEAM_ID: 'DEF1234ABC',
  GOOGLE_SERVICE_ACCOUNT: JSON.stringify({
    project_id: 'p',
    client_email: 'push@p.iam.gserviceaccount.com',
    private_key: pem(generateKeyPairSync('rsa', { modulusLength: 2_048 })),
  }),
};

let stage: Stage;
beforeAll(async () => {
  const templates = templatesForTests(deploymentForTests());
  stage = await startStage(async (endpoint) => {
    const told = await standUp(templates, endpoint);
    const worker = parseConfig({ ...told, ...SECRETS, AWS_ENDPOINT_URL: endpoint });
    if (!worker.ok) throw new Error(JSON.stringify(worker.problems));
    const { cloud: config, pool } = worker.config;
    return { config, pool };
  });
}, 120_000);
afterAll(() => stage.stop());

test(
  'what the templates define is all that a launch needs, from its creation to its closed shot',
  { timeout: 60_000 },
  async () => {
    expect(stage.cloudConfig).toMatchObject({ tablePrefix: 'superbowl', bucket: 'superbowl-123456789012-us-east-1' });
    expect(stage.pool).toBe('gobutton-workers');
    const launch = await stage.newLaunch({ ios: 300, android: 200 });
    await launch.worker();
    const shot = await launch.fire();
    const { totals } = await launch.closed(shot.id, 40_000);
    expect(totals?.map(({ segment, totals: { accepted } }) => [segment, accepted]).toSorted()).toEqual([
      ['android', 200],
      ['ios', 300],
    ]);
    expect(launch.counts()).toMatchObject({ received: 500, distinctDevices: 500, duplicates: 0 });
  },
);
