import { describe, expect, it } from 'vitest';
import { parseTyped } from './arguments.ts';
import { meaning } from './meaning.ts';

const COMMANDS = new Set(['help', 'status', 'steps', 'stats', 'fire', 'pace', 'note', 'close', 'end', 'go', 'approve', 'halt', 'resume', 'scale', 'no', 'test']);
const meant = (text: string): string => {
  const found = meaning(parseTyped(text), (name) => COMMANDS.has(name));
  return found.kind === 'command' ? found.typed.name : found.kind === 'halt' ? `halt${found.reason === '' ? '' : `: ${found.reason}`}` : `ask ${found.about}`;
};

describe('what somebody in a hurry means', () => {
  it.each([
    'halt', 'HALT', 'Halt', 'halt!', 'HALT!!!', 'halt.', '*halt*', '_halt_', '`halt`', '**HALT**', '"halt"', '“halt”', '(halt)', '/halt', '//halt', '\\halt', '>halt', '&gt;halt', '#halt', '- halt', '¡halt!', 'halt…', 'halt,',
    'stop', 'stop!', 'STOP!!', 'abort', 'abort!', 'haltt', 'hhalt', 'haaalt', 'HALTTTTT', 'hlat', 'hatl', 'ahlt', 'stpo', 'sotp', 'stopp', 'stoop', 'aobrt', 'halt1', 'go halt', '/go halt', '/go /go halt', 'please halt', 'now stop',
    'ok halt', '<@U0GOBUTTON|gobutton> halt', 'HALT\u200b', '\ufeffhalt', '\u00a0halt\u00a0', 'ha\u00adlt', 'h\u200dalt', 'ｈａｌｔ', '𝐡𝐚𝐥𝐭', 'hаlt', 'НАLТ', 'hált', ':octagonal_sign:', ':octagonal_sign::octagonal_sign:', ':octagonal_sign:!!', '🛑', '🛑🛑', ':stop_sign:', ':stop:',
    'halt🛑', '🛑halt', 'haltnow', 'halt-now', 'haltall', 'stopnow!', 'halthalt', 'h a l t', 'S T O P',
  ])('%s halts', (text) => expect(meant(text)).toMatch(/^halt(: |$)/));

  it.each([
    ['halt wrong copy', 'halt: wrong copy'], ['halt,wrong copy', 'halt: wrong copy'], ['halt: wrong copy', 'halt: wrong copy'], ['halt-wrong copy', 'halt: wrong copy'], ['halt\nwrong copy', 'halt: wrong copy'],
    ['halt R&amp;D says so', 'halt: R&D says so'], ['halt now please', 'halt: now please'], ['stop 🙏', 'halt: 🙏'], ['halt off the record', 'halt: off the record'],
  ])('%j: nothing of the reason is lost', (text, expected) => expect(meant(text)).toBe(expected));

  it.each([
    ['cancel', 'ask halt'], ['cancel!', 'ask halt'], ['CANCEL', 'ask halt'], ['cancle', 'ask halt'], ['kill', 'ask halt'], ['freeze', 'ask halt'], ['panic', 'ask halt'], ['PANIC!!', 'ask halt'], ['quit', 'ask halt'], ['emergency', 'ask halt'],
    ['halt?', 'ask halt'], ['halt?!', 'ask halt'], ['~halt~', 'ask halt'], ['half', 'ask halt'], ['hal', 'ask halt'], ['hlt', 'ask halt'], ['halted', 'ask halt'], ['stopping', 'ask halt'], ['stops', 'ask halt'], ['we must halt', 'ask halt'],
    ['can you stop it', 'ask halt'], ['do not halt', 'ask halt'], ["don't stop", 'ask halt'], ['стоп', 'ask halt'], ['停止', 'ask halt'], ['ストップ', 'ask halt'], ['arrêt', 'ask halt'], ['✋', 'ask halt'], [':raised_hand:', 'ask halt'], [':raised_hand::skin-tone-2:', 'ask halt'],
    ['pause', 'ask slow'], ['pause!', 'ask slow'], ['hold', 'ask slow'], ['slow', 'ask slow'], ['pasue', 'ask slow'], ['wait', 'ask slow'], ['undo', 'ask take-back'], ['undo!', 'ask take-back'], ['rollback', 'ask take-back'], ['unsend', 'ask take-back'],
    ['halt off', 'ask lift'], ['halt help', 'ask lift'], ['halt --help', 'ask lift'], ['halt ?', 'ask lift'], ['halt undo', 'ask lift'],
  ])('%s: %s', (text, expected) => expect(meant(text)).toBe(expected));

  it.each([
    ['', 'help'], ['?', 'help'], ['??', 'help'], ['-h', 'help'], ['--help', 'help'], ['status', 'status'], ['Status!', 'status'], ['*status*', 'status'], ['/status', 'status'], ['/go status', 'status'], ['go', 'go'], ['/go go', 'go'], ['go us-ios', 'go'],
    ['please fire all', 'fire'], ['now fire', 'fire'], ['fire!', 'fire'], ['fire, all', 'fire'], ['note we halt at ten', 'note'], ['banana', 'banana'], ['salad', 'salad'], ['note', 'note'], ['end', 'end'], ['close', 'close'], ['no', 'no'], ['test', 'test'], ['alert', 'alert'],
  ])('%j stays %s', (text, expected) => expect(meant(text)).toBe(expected));
});
