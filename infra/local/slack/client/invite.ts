import type { WorkspaceState } from '../state/workspace-state.ts';

/** Slack's own `/invite @name …`: anybody in a channel brings people and apps into it. `text` has the mentions as an app gets them. */
export function invite(
  state: WorkspaceState,
  as: string,
  channelId: string,
  text: string,
): { ok: true; notice: string } | { ok: false; error: string } {
  const channel = state.channel(channelId);
  const inviter = state.user(as);
  if (channel.im_with !== undefined) return { ok: false, error: 'Nobody can be invited into a direct message.' };
  if (channel.is_archived) return { ok: false, error: `#${channel.name} is archived, so nobody can be invited.` };
  if (!channel.members.includes(inviter.id)) return { ok: false, error: `You are not in #${channel.name} yourself.` };
  const rest = text.replaceAll(/<@[UW][A-Z0-9]+(?:\|[^>]*)?>/g, '').trim();
  const users = [...text.matchAll(/<@([UW][A-Z0-9]+)/g)].map(([, id = '']) => state.user(id));
  if (users.length === 0 || rest !== '')
    return {
      ok: false,
      error: `/invite: found ${rest === '' ? 'nobody' : `"${rest}"`}, expected @names of this workspace, like /invite @gobutton.`,
    };
  const gone = users.find((user) => user.deleted);
  if (gone !== undefined) return { ok: false, error: `${gone.real_name} is deactivated and can't be invited.` };
  const come = users.filter((user) => !channel.members.includes(user.id));
  for (const user of come) state.join(channel, user.id, inviter.id);
  const names = (come.length === 0 ? users : come).map((user) => user.real_name).join(', ');
  return {
    ok: true,
    notice: come.length === 0 ? `Already in #${channel.name}: ${names}.` : `Now in #${channel.name}: ${names}.`,
  };
}
