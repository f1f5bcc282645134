import { expect, test } from 'vitest';
import { sharedFiles } from './shared-files.ts';
import { spoken } from './spoken.ts';

/** Shapes as Slack sends them, with other words in them. */
const said = {
  type: 'message',
  user: 'U1',
  ts: '1704604884.175949',
  text: 'stop the push',
  client_msg_id: 'c',
  team: 'T1',
};
const place = {
  type: 'message',
  channel: 'C1',
  hidden: true,
  ts: '1704604959.000800',
  event_ts: '1704604959.000800',
  channel_type: 'channel',
};
const tombstone = {
  type: 'message',
  subtype: 'tombstone',
  user: 'USLACKBOT',
  text: 'This message was deleted.',
  hidden: true,
  ts: said.ts,
  thread_ts: said.ts,
  reply_count: 1,
};

test('what somebody said and deleted is a deletion, also where replies keep a tombstone in its place', () => {
  const deletion = { ts: place.ts, user: 'U1', text: '', deleted: true, edits: said.ts };
  expect(spoken({ ...place, subtype: 'message_deleted', deleted_ts: said.ts, previous_message: said })).toMatchObject(
    deletion,
  );
  expect(spoken({ ...place, subtype: 'message_changed', message: tombstone, previous_message: said })).toMatchObject(
    deletion,
  );
  // Its last reply goes, and the tombstone with it: that was told already.
  expect(spoken({ ...place, subtype: 'message_deleted', deleted_ts: said.ts, previous_message: tombstone })).toBeNull();
  expect(
    spoken({ ...place, subtype: 'message_changed', message: tombstone, previous_message: { ...said, bot_id: 'B1' } }),
  ).toBeNull();
});

test('fields that Slack fills with nothing are not there', () => {
  const file = { ...said, subtype: 'file_share', bot_id: null, files: [{ name: 'plan.pdf' }, { name: null }] };
  expect(spoken(file)).toMatchObject({ text: 'stop the push', files: ['plan.pdf', 'file'] });
  expect(spoken({ ...said, bot_id: '', subtype: null, files: null, edited: null })).toMatchObject({
    user: 'U1',
    text: 'stop the push',
    files: [],
  });
  expect(spoken({ ...said, text: null })).toMatchObject({ text: '' });
  expect(
    spoken({
      ...place,
      subtype: 'message_changed',
      message: { ...said, text: 'never mind', edited: { user: 'U1', ts: '1704604950.000000' } },
      previous_message: null,
    }),
  ).toMatchObject({ text: 'never mind', edits: said.ts });
});

test('joins, other bots and link previews are no speech', () => {
  expect(spoken({ ...said, bot_id: 'B1' })).toBeNull();
  expect(spoken({ ...said, subtype: 'channel_join' })).toBeNull();
  expect(
    spoken({ ...place, subtype: 'message_changed', message: { ...said, attachments: [] }, previous_message: said }),
  ).toBeNull();
});

test('half an emoji is heard as the mark of a lost character, in words and in names of files', () => {
  const half = '👍'.slice(0, 1);
  const file = { ...said, text: `go ${half}`, subtype: 'file_share', files: [{ name: `a${half}.pdf` }, { name: '' }] };
  expect(spoken(file)).toMatchObject({ text: 'go \uFFFD', files: ['a\uFFFD.pdf', ''] });
  const [shared] = sharedFiles({ ...file, files: [{ id: 'F1', name: `a${half}.pdf` }] });
  expect(shared).toMatchObject({ name: 'a\uFFFD.pdf', type: '' });
});
