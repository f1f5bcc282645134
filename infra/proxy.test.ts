import { expect, test } from 'vitest';
import { proxyFor, proxyUrl } from './proxy.ts';

const PROXY = 'http://proxy.test:3128';

test.each([
  ['http://proxy.test:3128', 'http://proxy.test:3128'],
  ['proxy.test:3128', 'http://proxy.test:3128'],
  ['https://u:p@proxy.test', 'https://u:p@proxy.test'],
  ['10.0.0.1:8080', 'http://10.0.0.1:8080'],
  ['socks5://proxy.test', null],
  ['http://', null],
  ['http://a b', null],
  ['file:///etc/passwd', null],
  // A % that stands for itself is %25: what it decodes to is not known.
  ['http://me:100%@proxy.test', null],
  ['http://me%zz:x@proxy.test', null],
  ['http://me:100%25@proxy.test', 'http://me:100%25@proxy.test'],
])('%s as a proxy is %s', (text, url) => {
  expect(proxyUrl(text)).toBe(url);
});

test.each([
  ['https://api.push.apple.com', ''],
  ['https://api.push.apple.com', 'internal.test'],
  ['https://api.push.apple.com', 'ush.apple.com'],
  ['https://api.push.apple.com', 'api.push.apple.com:8443'],
  ['https://fcm.googleapis.com', 'fcm.googleapis.com.evil.test'],
  ['https://10.1.2.3', '10.2.0.0/16'],
  ['https://10.1.2.3', '10.1.2.3/33'],
  ['https://10.1.2.3', 'apple.com'],
  ['https://[2001:db8::1]', '2001:db9::/32'],
  ['https://api.push.apple.com', '10.0.0.0/8'],
  ['https://127.0.0.1.nip.test', ''],
])('%s with NO_PROXY=%s goes through the proxy', (url, noProxy) => {
  expect(proxyFor(url, PROXY, noProxy)).toBe(PROXY);
});

test.each([
  ['https://api.push.apple.com', '*'],
  ['https://api.push.apple.com', 'apple.com'],
  ['https://api.push.apple.com', '.apple.com'],
  ['https://api.push.apple.com', '*.apple.com'],
  ['https://API.push.apple.com', 'x, API.push.Apple.com y'],
  ['https://api.push.apple.com', 'api.push.apple.com:443'],
  ['https://api.push.apple.com:2197', 'api.push.apple.com:2197'],
  ['https://10.1.2.3', '10.1.0.0/16'],
  ['https://10.1.2.3', '10.1.2.3'],
  ['https://[2001:db8::1]', '[2001:db8::1]:443'],
  ['https://[2001:db8::1]', '2001:db8::/32'],
  ['https://localhost:4443', ''],
  ['https://a.localhost', ''],
  ['https://127.3.2.1:4443', ''],
  ['https://[::1]:4443', ''],
])('%s with NO_PROXY=%s goes straight', (url, noProxy) => {
  expect(proxyFor(url, PROXY, noProxy)).toBeNull();
});

test('without a proxy everything goes straight', () => {
  expect(proxyFor('https://api.push.apple.com', null, '')).toBeNull();
});
