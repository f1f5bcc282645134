import { createPrivateKey } from 'node:crypto';
import type { Logger } from 'pino';
import { unusableConfig } from '../../infra/environment.ts';
import type { Env } from '../../infra/environment.ts';
import { rereads } from '../../infra/secret-fields.ts';
import { WatchedSecret } from '../../infra/watched-secret.ts';
import { APNS_SECRETS, FCM_SECRETS, parseProvider } from '../config.ts';
import type { WorkerConfig } from '../config.ts';
import type { ApnsKey } from './apns-jwt.ts';
import type { ServiceAccount } from './service-account.ts';

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
  const apnsNow = rereads({ env, arn: 'GOBUTTON_APNS_SECRET_ARN', names: APNS_SECRETS, valueOf });
  const fcmNow = rereads({ env, arn: 'GOBUTTON_GOOGLE_SECRET_ARN', names: FCM_SECRETS, valueOf });

  function readApns(now: Env): ApnsKey {
    const parsed = parseProvider(now, 'apns');
    if (!parsed.ok || parsed.config.provider !== 'apns') throw unusableConfig(parsed.ok ? [] : parsed.problems);
    const key = keyOf(parsed.config.apns);
    if (!isPrivate(key.keyPem, 'ec'))
      throw new Error('APNS_KEY: found a PEM that no key can be read from, expected a P-256 key in PKCS#8');
    return key;
  }

  function readAccount(now: Env): ServiceAccount {
    const parsed = parseProvider(now, 'fcm');
    if (!parsed.ok || parsed.config.provider !== 'fcm') throw unusableConfig(parsed.ok ? [] : parsed.problems);
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
      read: apnsNow && (async () => readApns(await apnsNow())),
      log,
    }),
    fcm: new WatchedSecret({
      name: FCM_NAME,
      first: config.fcm.account,
      read: fcmNow && (async () => readAccount(await fcmNow())),
      log,
    }),
  };
}

const keyOf = ({ keyPem, keyId, teamId }: ApnsKey): ApnsKey => ({ keyPem, keyId, teamId });

/** The parser looks at its frame alone; at the start the first credential shows the rest. */
function isPrivate(pem: string, type: 'ec' | 'rsa'): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
    return asymmetricKeyType === type && (type === 'rsa' || asymmetricKeyDetails?.namedCurve === 'prime256v1');
  } catch {
    return false;
  }
}
