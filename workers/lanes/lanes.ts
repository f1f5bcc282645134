import type { Logger } from 'pino';
import type { LiveStore } from '../../infra/aws/live-store.ts';
import type { StaffDevice, StaffDevices } from '../../infra/aws/staff-devices.ts';
import type { StoreClock } from '../../infra/aws/store-clock.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { LoadedAudience } from '../audience/packed/loaded-audience.ts';
import type { WorkerConfig } from '../config.ts';
import { apnsCredential } from '../credentials/apns-jwt.ts';
import { CredentialClock } from '../credentials/clock.ts';
import type { CredentialTiming } from '../credentials/clock.ts';
import type { Credential } from '../credentials/credential.ts';
import { fcmCredential } from '../credentials/fcm-oauth.ts';
import type { ProviderSecrets } from '../credentials/provider-secrets.ts';
import type { RotatingOptions } from '../credentials/rotating-credential.ts';
import type { SwitchMemory } from '../halt/switch-view.ts';
import { primeTemplate } from '../send/templates.ts';
import { SendingThreads } from '../threads/sending-threads.ts';
import { ThreadLane } from '../threads/thread-lane.ts';
import type { Lane, LaneStatus } from './lane.ts';
import { primeRation, primeShare } from './prime-ration.ts';
import { apnsProvider, fcmProvider } from './provider.ts';
import { WireLane } from './wire-lane.ts';
import type { LaneOptions } from './wire-lane.ts';

export interface LanesOptions {
  config: WorkerConfig;
  secrets: ProviderSecrets;
  launchId: string;
  topic: string;
  bootId: string;
  live: LiveStore;
  staff: StaffDevices;
  clock: StoreClock;
  switches: SwitchMemory;
  /** How many workers the roll counts. */ workers: () => number;
  log: Logger;
  timing?: CredentialTiming;
}

/** Made anew of what the secrets are then. */
const credentialsOf = (
  { apns, fcm }: ProviderSecrets,
  { fcm: { tokenUrl }, ca }: WorkerConfig,
  common: Pick<RotatingOptions, 'log' | 'nowMs' | 'checkEveryMs'>,
): Record<Platform, Credential> => ({
  ios: apnsCredential({ ...common, key: () => apns.current(), secret: apns }),
  android: fcmCredential({ ...common, account: () => fcm.current(), secret: fcm, tokenUrl, ca }),
});

const PROVIDER_NAME: Record<Platform, string> = { ios: 'APNs', android: 'FCM' };

/** Both lanes of a worker, and what is known of their readiness. */
export class Lanes {
  readonly lanes: Record<Platform, Lane>;
  readonly #opened = new Set<Platform>();
  /** Priming pushes went out under the present state of things and none of them was answered as authenticated. */
  readonly #refused: Record<Platform, boolean> = { ios: false, android: false };
  readonly #sent: Record<Platform, number> = { ios: 0, android: 0 };
  readonly #staff: StaffDevices;
  /** As last read; empty: not yet, or there are none. */
  #devices: readonly StaffDevice[] = [];
  #primesPerHour = 2;
  readonly #primesPerDeviceHour: number;
  #frozen = false;
  readonly #log: Logger;
  readonly #secrets: ProviderSecrets;
  readonly #workers: () => number;
  /** Null: both lanes send in this thread. */
  readonly #threads: SendingThreads | null;

  constructor({
    config,
    secrets,
    launchId,
    topic,
    bootId,
    live,
    staff,
    clock,
    switches,
    workers,
    log,
    timing: given = {},
  }: LanesOptions) {
    const timing = { ...given, clock: given.clock ?? new CredentialClock() };
    timing.clock.follow(clock);
    const { apns, fcm, ca, connections } = config;
    const ration = primeRation({
      live,
      holder: bootId,
      perDeviceHour: config.primesPerDeviceHour,
      share: () => this.#primesPerHour,
      nowMs: clock.nowMs,
    });
    const threads = config.threads === 0 ? null : new SendingThreads({ count: config.threads, switches, log });
    const renewal = timing.renewEveryMs === undefined ? {} : { renewEveryMs: timing.renewEveryMs };
    const credentials = credentialsOf(secrets, config, {
      log,
      nowMs: timing.clock.nowMs,
      ...(timing.checkEveryMs === undefined ? {} : { checkEveryMs: timing.checkEveryMs }),
    });
    const lane = (
      platform: Platform,
      projectId: string | null,
      options: Omit<LaneOptions, 'provider' | 'ca' | 'proxy' | 'connections' | 'log'> & { proxy: string | null },
    ): Lane =>
      threads === null
        ? new WireLane({
            ...options,
            provider: projectId === null ? apnsProvider() : fcmProvider(projectId),
            ca,
            connections,
            log,
            ...renewal,
          })
        : new ThreadLane({ ...options, threads, platform, projectId, ca, connections, log, timing });
    this.#staff = staff;
    this.#log = log;
    this.#secrets = secrets;
    this.#workers = workers;
    this.#threads = threads;
    this.#primesPerDeviceHour = config.primesPerDeviceHour;
    this.lanes = {
      ios: lane('ios', null, {
        url: apns.url,
        proxy: apns.proxy,
        prime: primeTemplate('ios', launchId, topic),
        credential: credentials.ios,
        mayPrime: (token, isRenewal) => this.#counted('ios', ration(token, isRenewal)),
      }),
      android: lane('android', secrets.fcm.current().projectId, {
        url: fcm.url,
        proxy: fcm.proxy,
        prime: primeTemplate('android', launchId, topic),
        credential: credentials.android,
        // Checked and not delivered: the device never hears of it.
        mayPrime: () => this.#counted('android', Promise.resolve(true)),
      }),
    };
  }

  /** Rejects when a credential can't be made; then it may be tried again. */
  async open(signal: AbortSignal): Promise<void> {
    await Promise.all(
      PLATFORMS.map(async (platform) => {
        if (this.#opened.has(platform)) return;
        await this.lanes[platform].open(signal);
        this.#opened.add(platform);
      }),
    );
  }

  get isOpen(): boolean {
    return this.#opened.size === PLATFORMS.length;
  }

  /**
   * Makes connections warm with pushes to the devices of the launch's people. Also during a halt: they are silent, go to
   * nobody of the audience, and without them the attempt after the halt would begin on cold connections.
   */
  async prime(launch: Launch, signal: AbortSignal): Promise<void> {
    this.#devices = await this.#staff.of(launch).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'the staff devices cannot be read; those read before are used');
      return this.#devices;
    });
    await Promise.all(
      PLATFORMS.map(async (platform) => {
        const lane = this.lanes[platform];
        const { primed, connections } = lane.status();
        const devices = this.#devices.flatMap((device) =>
          device.platform === platform && device.token !== null ? [{ token: device.token }] : [],
        );
        // What was deleted is forgotten here as well, whether or not anything is to be primed.
        if (devices.length === 0) return lane.prime([], signal);
        if (primed === connections) return;
        if (platform === 'ios')
          this.#primesPerHour = primeShare({
            devices: devices.length,
            perDeviceHour: this.#primesPerDeviceHour,
            workers: Math.max(launch.runbook.pool.workers, this.#workers()),
          });
        const sentBefore = this.#sent[platform];
        await lane.prime(devices, signal);
        if (this.#sent[platform] > sentBefore) this.#refused[platform] = lane.status().primed === 0;
      }),
    );
  }

  freeze(frozen: boolean): void {
    if (this.#frozen === frozen) return;
    this.#frozen = frozen;
    for (const platform of PLATFORMS) this.lanes[platform].freezeCredential(frozen);
  }

  /** What keeps the worker from being ready for these platforms, in words; null: nothing. */
  problem(platforms: readonly Platform[]): string | null {
    for (const platform of platforms) {
      const { streams, primed, refusal, peer } = this.lanes[platform].status();
      const isRefused = this.#refused[platform] || (refusal !== null && primed === 0);
      if (streams > 0 && !isRefused) continue;
      const name = PROVIDER_NAME[platform];
      if (peer?.problem != null) return `${name}: ${peer.problem.say}`;
      return streams === 0
        ? `no connection to ${name} is open`
        : `${name} did not accept a priming push: credentials or devices are wrong`;
    }
    return null;
  }

  status(): Omit<LaneStatus, 'refusal'>[] {
    return PLATFORMS.map((platform) => {
      const { refusal: _refusal, ...status } = this.lanes[platform].status();
      return status;
    });
  }

  /** What will keep it from being ready unless somebody acts, in words; null: nothing. */
  warning(platforms: readonly Platform[]): string | null {
    for (const platform of platforms) {
      const { problem } = this.#secrets[platform === 'ios' ? 'apns' : 'fcm'];
      if (problem !== null) return problem;
      const { refusal, credentialLeftMs } = this.lanes[platform].status();
      if (refusal !== null)
        return `${PROVIDER_NAME[platform]} does not accept the renewed credential (${refusal}); the one in use ends in ${Math.floor((credentialLeftMs ?? 0) / 60_000)} min`;
      const mine = this.#devices.filter((device) => device.platform === platform);
      if (mine.length > 0 && mine.every(({ token }) => token === null))
        return `the device tokens of this launch's people were deleted, so connections to ${PROVIDER_NAME[platform]} can't be primed: each opens up on its first real answer`;
    }
    return null;
  }

  /** Called before it is loaded anew (null), and after. */
  attach(audience: LoadedAudience | null): void {
    this.#threads?.attach(audience);
  }

  async close(): Promise<void> {
    await Promise.all(PLATFORMS.map((platform) => this.lanes[platform].close()));
    this.#secrets.apns.close();
    this.#secrets.fcm.close();
    await this.#threads?.stop();
  }

  async #counted(platform: Platform, may: Promise<boolean>): Promise<boolean> {
    const allowed = await may;
    if (allowed) this.#sent[platform] += 1;
    return allowed;
  }
}
