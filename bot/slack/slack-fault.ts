import { ErrorCode } from '@slack/web-api';

/**
 * What an answer of Slack means for what was to be shown:
 * - `passing`: the network, a rate limit, Slack's own trouble: the same again later;
 * - `room`: nothing at all can be posted in this channel until somebody mends it;
 * - `message`: this message can never be shown as it is;
 * - `gone`: the message that was to be changed can't be edited any more, by whatever reason: it has to be posted anew;
 * - `other`: a word that we don't know, or no answer of Slack's.
 */
export type SlackFault = 'passing' | 'room' | 'message' | 'gone' | 'other';

/** What shuts a channel to the bot, and who opens it again (https://docs.slack.dev/reference/methods/chat.postMessage/#errors). */
const ROOM: Record<string, string> = {
  is_archived: 'the channel is archived. Unarchive it',
  channel_not_found: 'Slack shows the bot no such channel. Invite the bot: `/invite @gobutton`',
  not_in_channel: 'the bot was removed from the channel. Invite it again: `/invite @gobutton`',
  restricted_action: 'who may post in the channel was restricted. Let the bot post',
  restricted_action_read_only_channel: 'the channel is read-only. Let the bot post',
  restricted_action_thread_only_channel: 'the channel takes threads only. Let the bot post',
  restricted_action_non_threadable_channel: 'who may post in the channel was restricted. Let the bot post',
  team_access_not_granted: 'the app was taken from this workspace. A Slack admin gives it back',
  team_not_found: 'the app was taken from this workspace. A Slack admin gives it back',
  access_denied: 'Slack denies the app access. A Slack admin can tell why',
  accesslimited: 'Slack denies the app access from this network. A Slack admin can tell why',
  ekm_access_denied: 'administrators have suspended posting. A Slack admin can tell why',
  org_login_required: 'the workspace is being moved. It ends by itself',
  team_added_to_org: 'the workspace is being moved. It ends by itself',
  missing_scope: 'the app lacks a permission. Install it again from its manifest',
  no_permission: 'the app lacks a permission. Install it again from its manifest',
  not_allowed_token_type: 'the bot has a token of the wrong kind. Give it a bot token (xoxb-…)',
  account_inactive: "the bot's account was deactivated. Install the app again",
  invalid_auth: "Slack refuses the bot's token. Give the bot its present one",
  not_authed: "Slack refuses the bot's token. Give the bot its present one",
  token_expired: "the bot's token has expired. Give the bot its present one",
  token_revoked: "the bot's token was revoked. Install the app again",
};

/** Of those, what Slack says of a token that it does not take, or take any more. */
const REFUSED_TOKEN: ReadonlySet<string> = new Set([
  'account_inactive',
  'invalid_auth',
  'not_authed',
  'token_expired',
  'token_revoked',
]);

/** Of those, words that may also be about nothing but what was asked for: the app may post and not upload, say. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'missing_scope',
  'no_permission',
  'not_allowed_token_type',
  'restricted_action',
]);

/** Slack's own troubles. */
const PASSING: ReadonlySet<string> = new Set([
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_quota_exceeded',
  'update_failed',
]);

const MESSAGE: ReadonlySet<string> = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
  'block_mismatch',
  'no_text',
  'invalid_attachments',
  'attachment_payload_limit_exceeded',
  'too_many_attachments',
  'markdown_text_conflict',
  'slack_connect_file_link_sharing_blocked',
  'invalid_metadata_format',
  'invalid_metadata_schema',
  'metadata_too_large',
  'metadata_must_be_sent_from_app',
  'invalid_arguments',
  'invalid_array_arg',
]);

/** Deleted, too old for the workspace's rules, not ours, or frozen (docs/facts.md#slack-update-rate). */
const GONE: ReadonlySet<string> = new Set([
  'message_not_found',
  'edit_window_closed',
  'cant_update_message',
  'is_inactive',
  'cant_delete_message',
  'compliance_exports_prevent_deletion',
]);

export function slackFault(error: unknown): SlackFault {
  const kind = error instanceof Error && 'code' in error ? error.code : null;
  if (limitedForMs(error) !== null || kind === ErrorCode.RequestError) return 'passing';
  if (kind === ErrorCode.HTTPError)
    return error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500 ? 'other' : 'passing';
  const code = slackErrorCode(error);
  if (code === null) return 'other';
  if (Object.hasOwn(ROOM, code)) return 'room';
  if (PASSING.has(code)) return 'passing';
  if (MESSAGE.has(code)) return 'message';
  return GONE.has(code) ? 'gone' : 'other';
}

export const isTokenRefused = (error: unknown): boolean => REFUSED_TOKEN.has(slackErrorCode(error) ?? '');

export const isForbidden = (error: unknown): boolean => FORBIDDEN.has(slackErrorCode(error) ?? '');

/** What is wrong with the channel, and what mends it; for people. */
export const roomFaultText = (code: string): string => ROOM[code] ?? `Slack says \`${code}\``;

/** Slack's own word for what is wrong (`invalid_blocks`, `channel_not_found` …); null if Slack did not get to answer. */
export function slackErrorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || error.code !== ErrorCode.PlatformError) return null;
  const data: unknown = 'data' in error ? error.data : null;
  return typeof data === 'object' && data !== null && 'error' in data && typeof data.error === 'string'
    ? data.error
    : null;
}

/** Limits are by the minute (docs/facts.md#slack-tiers). */
const UNSAID_LIMIT_MS = 30_000;

/** Slack's troubles of which it says that what was asked for may have been done. */
const MAYBE_DONE: ReadonlySet<string> = new Set([
  'internal_error',
  'fatal_error',
  'request_timeout',
  'service_unavailable',
]);

/** Slack's plain no: nothing of the call was done, so that it may be made again without a look whether it came through. */
export function isRefusal(error: unknown): boolean {
  const code = slackErrorCode(error);
  return limitedForMs(error) !== null || (code !== null && !MAYBE_DONE.has(code));
}

/** How long Slack asks us to wait, or null if this is not a rate limit. */
export function limitedForMs(error: unknown): number | null {
  // The package has no kind of its own for a 429 whose Retry-After it can't read.
  if (error instanceof Error && error.message.startsWith('Retry header did not contain')) return UNSAID_LIMIT_MS;
  if (!(error instanceof Error) || !('code' in error) || error.code !== ErrorCode.RateLimitedError) return null;
  return 'retryAfter' in error && typeof error.retryAfter === 'number' ? error.retryAfter * 1_000 : 1_000;
}
