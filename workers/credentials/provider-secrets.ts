import { createPrivateKey } from 'node:crypto';
import type { Logger } from 'pino';
import { describeConfigProblems } from '../../infra/environment.ts';
import type { ConfigProblem, Env } from '../../infra/environment.ts';
import { fieldsOf } from '../../infra/secret-fields.ts';
import { APNS_SECRETS, FCM_SECRETS, parseProvider } from '../config.ts';
import type { WorkerConfig } from '../config.ts';
import type { ApnsKey } from './apns-jwt.ts';
import type { ServiceAccount } from './service-account.ts';
import { WatchedSecret } from './watched-secret.ts';

/** What a worker's credentials are made with, as it stands now. */
export interface ProviderSecrets {
  apns: WatchedSecret<ApnsKey>;
  fcm: WatchedSecret<ServiceAccount>;
}

export interface SecretPlaces {
  config: Pick<WorkerConfig, 'apns' | 'fcm'>;
  /** Names the files, or the secrets of Secrets Manager, and is parsed anew with what stands there. */
  env: Env;
  /** A secret's value, by its ARN. */
  valueOf: (arn: string) => Promise<string>;
  log: Logger;
}

/** As the process was started with them: nothing is read anew. */
export function fixedSecrets({ apns, fcm }: SecretPlaces['config'], log: Logger): ProviderSecrets {
  return {
    apns: new WatchedSecret({ name: APNS_NAME, first: keyOf(apns), read: null, log }),
    fcm: new WatchedSecret({ name: FCM_NAME, first: fcm.account, read: null, log }),
  };
}

const APNS_NAME = 'APNs key';
const FCM_NAME = 'service account';

/** Read anew where they live (docs/aws.md#a-secret-that-changes), by the rules of the start. */
export function watchedSecrets({ config, env, valueOf, log }: SecretPlaces): ProviderSecrets {
  const now = async (arn: string | undefined, names: readonly string[]): Promise<Env> =>
    arn === undefined ? env : { ...env, ...fieldsOf(await valueOf(arn), names) };
  const lives = (arn: string | undefined, ...files: string[]): boolean =>
    arn !== undefined || files.some((file) => (env[file] ?? '') !== '');
  const arns = {
    apns: env['GOBUTTON_APNS_SECRET_ARN'] || undefined,
    fcm: env['GOBUTTON_GOOGLE_SECRET_ARN'] || undefined,
  };

  async function readApns(): Promise<ApnsKey> {
    const parsed = parseProvider(await now(arns.apns, APNS_SECRETS), 'apns');
    if (!parsed.ok || parsed.config.provider !== 'apns') throw unusable(parsed.ok ? [] : parsed.problems);
    const key = keyOf(parsed.config.apns);
    if (!isPrivate(key.keyPem, 'ec'))
      throw new Error('APNS_KEY: found a PEM that no key can be read from, expected a P-256 key in PKCS#8');
    return key;
  }

  async function readAccount(): Promise<ServiceAccount> {
    const parsed = parseProvider(await now(arns.fcm, FCM_SECRETS), 'fcm');
    if (!parsed.ok || parsed.config.provider !== 'fcm') throw unusable(parsed.ok ? [] : parsed.problems);
    const { account } = parsed.config.fcm;
    const { projectId } = config.fcm.account;
    // Requests name the project, and the audience's tokens are its own.
    if (account.projectId !== projectId)
      throw new Error(
        `found an account of project ${JSON.stringify(account.projectId)}, expected one of ${projectId}: another project takes a new start`,
      );
    if (!isPrivate(account.privateKey, 'rsa'))
      throw new Error('private_key: found a PEM that no key can be read from, expected an RSA key in PKCS#8');
    return account;
  }

  return {
    apns: new WatchedSecret({
      name: APNS_NAME,
      first: keyOf(config.apns),
      read: lives(arns.apns, 'APNS_KEY_FILE', 'APNS_KEY_ID_FILE', 'APNS_TEAM_ID_FILE') ? readApns : null,
      log,
    }),
    fcm: new WatchedSecret({
      name: FCM_NAME,
      first: config.fcm.account,
      read: lives(arns.fcm, 'GOOGLE_APPLICATION_CREDENTIALS') ? readAccount : null,
      log,
    }),
  };
}

const keyOf = ({ keyPem, keyId, teamId }: ApnsKey): ApnsKey => ({ keyPem, keyId, teamId });

const unusable = (problems: readonly ConfigProblem[]): Error =>
  new Error(describeConfigProblems(problems).trim().replaceAll(/\n\s*/g, '; '));

/** The parser looks at its frame alone; at the start the first credential shows the rest. */
function isPrivate(pem: string, type: 'ec' | 'rsa'): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
    return asymmetricKeyType === type && (type === 'rsa' || asymmetricKeyDetails?.namedCurve === 'prime256v1');
  } catch {
    return false;
  }
}
