import type { Receiver } from '@slack/bolt';
import type { Logger } from 'pino';
import type { Cloud } from '../infra/aws/cloud.ts';
import type { Journal } from '../infra/aws/journal.ts';
import { OwnTask } from '../infra/aws/own-task.ts';
import { TaskProtection } from '../infra/aws/task-protection.ts';
import { answerHealth } from '../infra/health.ts';
import { listen } from '../infra/http-server.ts';
import { waitAtMost } from '../infra/time-limit.ts';
import type { VitalSigns } from '../infra/watch/vitals.ts';
import { createApp } from './app.ts';
import { ChannelLog } from './channel/channel-log.ts';
import { Refusals } from './channel/refusals.ts';
import { RoomFiles } from './channel/room-files.ts';
import type { Conductor } from './conductor/conductor-port.ts';
import { createConductor } from './conductor/conductor.ts';
import type { Timings } from './conductor/timings.ts';
import type { BotConfig } from './config.ts';
import type { Desk } from './desk.ts';
import { launchDoctor } from './launch-doctor.ts';
import { createLiveLinks } from './live-timeline/links.ts';
import { LiveServer } from './live-timeline/live-server.ts';
import { unreachable } from './outside/unreachable.ts';
import { HttpSlackReceiver, EVENTS_PATH } from './receivers/http.ts';
import { SocketReceivers } from './receivers/sockets.ts';
import { Rooms } from './slack/rooms.ts';
import { createClient, createOnceClient, slackLogger } from './slack/slack-client.ts';
import { SlackIdentity } from './slack/slack-identity.ts';
import { createSlackPort } from './slack/slack-port.ts';
import { tokenOf, watchedSlackSecrets } from './slack/slack-secrets.ts';
import type { SlackPlaces } from './slack/slack-secrets.ts';
import { Teller } from './slack/teller.ts';

export interface BotOptions {
  config: BotConfig;
  cloud: Cloud;
  journal: Journal;
  /** Names this instance among several; unique per process. */
  holder: string;
  /** Whether another instance is known to have ended; absent: nothing is known. */
  hasEnded?: (holder: string) => boolean;
  log: Logger;
  nowMs?: () => number;
  timings?: Partial<Timings>;
  /** Default 10,000 ms. */
  stopWithinMs?: number;
  /** Where Slack's tokens and its signing secret are read anew; absent: nowhere. */
  reread?: SlackPlaces['reread'];
}

export interface Bot {
  /** Where /health and live timelines answer; in HTTP mode also Slack's payloads. */
  port: number;
  /** Resolves when the bot can be reached from Slack. */
  connected: Promise<void>;
  conductor: Conductor;
  /** What alarms look at. */
  signs(): VitalSigns;
  /** Slack first, so that nothing new comes in; then the conductor; ends within `stopWithinMs`. Closes the cloud. */
  stop(): Promise<void>;
}

const STOP_WITHIN_MS = 10_000;

/** Starts everything of the bot. Resolves once the conductor works and the port is open; Slack may still be away. */
export async function startBot(options: BotOptions): Promise<Bot> {
  const { config, cloud, journal, log } = options;
  const nowMs = options.nowMs ?? cloud.clock.nowMs;
  const { apiUrl, receive } = config.slack;
  const logger = slackLogger(log);
  const secrets = watchedSlackSecrets({
    config: config.slack,
    reread: options.reread ?? null,
    teamId: () => identity.known.teamId,
    log,
  });
  const token = tokenOf(secrets, ({ botToken }) => botToken);
  const client = createClient(token, apiUrl, logger);
  const protection = new TaskProtection({ agentUri: config.agentUri, log });
  const ownTask = new OwnTask({ metadataUri: config.metadataUri, log });
  const examine = launchDoctor(config, { live: cloud.live, trusted: journal.keyring.trusted, secrets, nowMs });
  const channelLog = new ChannelLog({ record: cloud.record, client, log });
  const roomFiles = new RoomFiles({ objects: cloud.objects, channelLog, token, apiUrl, nowMs, log });
  const conductor = createConductor({
    cloud,
    journal,
    slack: createSlackPort({ token, apiUrl, log }),
    log,
    config: {
      holder: options.holder,
      ...(options.hasEnded === undefined ? {} : { hasEnded: options.hasEnded }),
      nowMs,
      version: config.version,
      overQuotas: config.overQuotas,
      ownDefinition: () => ownTask.definition(),
      examine,
      channelLog,
      roomFiles,
      outside: config.outside,
      onUnderWay: (isUnderWay) => protection.want(isUnderWay),
      ...(options.timings === undefined ? {} : { timings: options.timings }),
    },
  });
  const refusals = new Refusals({ channelLog, log, nowMs });
  const rooms = new Rooms({ live: cloud.live, client, log, nowMs });
  const identity = new SlackIdentity({ client, log });
  secrets.onChanged(() => identity.start());
  const once = createOnceClient(token, apiUrl, logger);
  const teller = new Teller({ client: once, log, nowMs });
  const liveLinks = createLiveLinks({ signer: config.keyring.signer, publicUrl: config.publicUrl, nowMs });
  const liveTimeline = new LiveServer(liveLinks, {
    record: cloud.record,
    conductor,
    client,
    trusted: config.keyring.trusted,
    log,
  });
  const desk: Desk = {
    cloud,
    journal,
    conductor,
    rooms,
    client,
    once,
    botName: () => identity.known.name ?? 'gobutton',
    teller,
    channelLog,
    refusals,
    roomFiles,
    log,
    nowMs,
    runbooksDir: config.runbooksDir,
    unreachable: (runbook) => unreachable(config.outside, runbook),
    bucket: config.cloud.bucket,
    examine,
    liveLinks,
  };

  const http =
    receive.mode === 'http'
      ? new HttpSlackReceiver({
          signingSecret: tokenOf(secrets, ({ signingSecret }) => signingSecret),
          logger,
          log,
          nowMs,
        })
      : null;
  const sockets =
    receive.mode === 'socket'
      ? new SocketReceivers({
          appToken: tokenOf(secrets, ({ appToken }) => appToken),
          apiUrl,
          connections: receive.connections,
          logger,
          log,
          nowMs,
        })
      : null;
  const receiver: Receiver | null = http ?? sockets;
  if (receiver === null) throw new Error('SLACK_MODE_UNKNOWN');
  const app = createApp({ desk, receiver, botToken: () => token.current(), apiUrl, identity });

  let isStarted = false;
  let isConnected = false;
  let isStopping = false;
  const troubles = (): string[] => [
    ...(identity.refusal === null
      ? []
      : [`${identity.refusal}: Slack refuses the bot's token, so nobody can be told anything. Check SLACK_BOT_TOKEN`]),
    ...(secrets.problem === null ? [] : [secrets.problem]),
    ...(sockets?.troubles ?? []),
  ];
  const server = await listen(config.host, config.port, (request, response) => {
    if (http !== null && request.url?.split('?')[0] === EVENTS_PATH) return http.onRequest(request, response);
    if (liveTimeline.answers(request, response)) return;
    answerHealth(request, response, () => {
      const open = isConnected && (sockets === null || sockets.open > 0);
      const ok = open && !isStopping;
      return {
        // It takes presses: Slack's absence makes no instance worse than another, and replacing them all would help nobody.
        ready: isStarted && !isStopping,
        healthy: ok,
        state: {
          ok,
          slack: open ? 'connected' : 'away',
          mode: receive.mode,
          sockets: sockets?.open ?? null,
          leader: conductor.isLeader(),
          shutRooms: conductor.shutRooms(),
          troubles: troubles(),
          protection: protection.state,
          version: config.version,
        },
      };
    });
  });
  try {
    await conductor.start();
    isStarted = true;
  } catch (error) {
    await server.close();
    throw error;
  }
  identity.start();
  const connected = Promise.resolve(app.start()).then(() => {
    isConnected = true;
    log.info({ port: server.port, mode: receive.mode }, 'the bot is ready');
  });

  async function stop(): Promise<void> {
    isStopping = true;
    identity.stop();
    secrets.close();
    teller.stop();
    const all = async () => {
      await app.stop();
      await Promise.all([server.close(), liveTimeline.stop(), conductor.stop(), protection.stop(), refusals.flush()]);
      cloud.close();
      return 'stopped';
    };
    if ((await waitAtMost(options.stopWithinMs ?? STOP_WITHIN_MS, all(), 'late')) === 'late')
      log.error('something did not stop in time; leaving it');
  }
  const signs = () => ({
    ...conductor.signs(),
    SlackAway: isConnected && (sockets === null || sockets.open > 0) ? 0 : 1,
  });
  return { port: server.port, connected, conductor, signs, stop };
}
