import { createElement as h, Fragment } from 'react';
import { describe, expect, it } from 'vitest';
import { mrkdwn } from './mrkdwn.ts';
import { emoji, markup, plain } from './texts.ts';

const names = { users: [{ id: 'U1', name: 'Ana' }], channels: [{ id: 'C1', name: 'room' }] };
const shown = (text: string) => markup(h(Fragment, null, mrkdwn(text, names)));

describe('mrkdwn', () => {
  it.each([
    ['*bold* _it_ ~no~ `c*o*de`', '<strong>bold</strong> <em>it</em> <s>no</s> <code>c*o*de</code>'],
    ['*bold _and italic_*', '<strong>bold <em>and italic</em></strong>'],
    ['2*3*4 a_b_c * not * _ no _', '2*3*4 a_b_c * not * _ no _'],
    ['# 1\n- two\n***', '# 1\n- two\n***'],
    ['a < b &lt;c&gt; &amp;amp; <script>', 'a &lt; b &lt;c&gt; &amp;amp; &lt;script&gt;'],
    ['> q1\n&gt; q2\nend', '<blockquote>q1\nq2</blockquote>end'],
    ['x ```\n*raw* <https://a.b>\n``` y', 'x <pre>*raw* &lt;https://a.b&gt;</pre> y'],
    [
      '<@U1> <@U9|Nobody> <#C1> <!here>',
      '<span class="mention">@Ana</span> <span class="mention">@Nobody</span> <span class="mention">#room</span> <span class="mention mention-all">@here</span>',
    ],
    [
      '<https://a.b/?x=1&amp;y=2|go *on*>',
      '<a href="https://a.b/?x=1&amp;y=2" target="_blank" rel="noopener noreferrer">go *on*</a>',
    ],
    ['see https://a.b/c.', 'see <a href="https://a.b/c" target="_blank" rel="noopener noreferrer">https://a.b/c</a>.'],
    ['<javascript:alert(1)|x>', '&lt;javascript:alert(1)|x&gt;'],
    ['T-00:02:10 :rocket: :no_such_thing:', 'T-00:02:10 🚀 :no_such_thing:'],
    ['<!date^1^{no_such}|then>', '<time>then</time>'],
  ])('%s', (text, html) => expect(shown(text)).toBe(html));

  it('writes dates in local time', () => {
    expect(shown('<!date^1767225600^on {date_num}|x>')).toMatch(
      /^<time dateTime="2026-01-01T00:00:00.000Z">on 202\d-\d\d-\d\d<\/time>$/i,
    );
  });

  it('has characters for the emoji that a war room uses', () => {
    for (const name of [
      'rocket',
      'white_check_mark',
      'x',
      'warning',
      'red_circle',
      'large_green_circle',
      'octagonal_sign',
      'hourglass_flowing_sand',
      'bar_chart',
      '+1',
      'tada',
    ]) {
      expect(emoji(name)).not.toContain(':');
    }
    expect(plain({ type: 'plain_text', text: ':+1: at 10:20:30' })).toBe('👍 at 10:20:30');
  });
});
