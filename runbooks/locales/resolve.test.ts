import parents from 'cldr-core/supplemental/parentLocales.json' with { type: 'json' };
import { expect, test } from 'vitest';
import { localeResolver } from './resolve.ts';
import { tagOf } from './tag.ts';

/** device → campaign's locales → what it gets */
const CASES: [device: string, campaign: string, gets: string | null, fit?: 'exact' | 'related'][] = [
  ['zh_CN', 'en zh-Hans zh-Hant', 'zh-Hans', 'exact'],
  ['zh-HK', 'en zh', null],
  ['zh-HK', 'en zh-Hans zh-CN zh', null],
  ['zh-CN', 'en zh-TW zh-Hant', null],
  ['zh-Hant-TW', 'en zh-CN zh-TW', 'zh-TW', 'exact'],
  ['zh-HK', 'en zh-CN zh-TW', 'zh-TW', 'related'],
  ['zh-MO', 'zh-TW zh-HK', 'zh-HK', 'related'],
  ['zh-Hant-HK', 'zh-CN zh-Hant', 'zh-Hant', 'related'],
  ['zh', 'zh-TW zh-CN', 'zh-CN', 'exact'],
  ['zh-CHT', 'zh-CN zh-TW', 'zh-TW', 'exact'],
  ['zh-CHS', 'zh-CN zh-TW', 'zh-CN', 'exact'],
  ['zh_TW_#Hant', 'zh-Hans zh-Hant', 'zh-Hant', 'exact'],
  ['zh__#Hans', 'zh-Hans zh-Hant', 'zh-Hans', 'exact'],
  ['zh-CN-Hans', 'zh-Hans zh-Hant', 'zh-Hans', 'exact'],
  ['zh-cmn-Hant', 'zh-CN zh-TW', 'zh-TW', 'exact'],
  ['cmn-TW', 'zh-CN zh-TW', 'zh-TW', 'exact'],
  ['zh-guoyu', 'zh-CN zh-TW', 'zh-CN', 'exact'],
  ['zh-min-nan', 'zh-CN zh-TW', null],
  ['zh-yue', 'zh-CN yue', 'yue', 'exact'],
  ['iw_IL', 'en he', 'he', 'exact'],
  ['in_ID', 'en id', 'id', 'exact'],
  ['ji', 'en yi', 'yi', 'exact'],
  ['he', 'en iw', 'iw', 'exact'],
  ['no', 'en nb', 'nb', 'exact'],
  ['no_NO', 'en nb', 'nb', 'exact'],
  ['nb-NO', 'en no', 'no', 'exact'],
  ['nn', 'en nb', 'nb', 'related'],
  ['nn', 'en no', 'no', 'related'],
  ['no_NO_NY', 'nb nn', 'nn', 'exact'],
  ['no-bok', 'nb nn', 'nb', 'exact'],
  ['tl', 'en fil', 'fil', 'exact'],
  ['fil-PH', 'en tl', 'tl', 'exact'],
  ['mo', 'en ro', 'ro', 'exact'],
  ['ro-MD', 'en ro', 'ro', 'related'],
  ['sh', 'sr-Cyrl sr-Latn', 'sr-Latn', 'exact'],
  ['sr', 'en sr-Latn', null],
  ['sr-ME', 'sr sr-Latn', 'sr-Latn', 'related'],
  ['sr_RS@latin', 'sr sr-Latn', 'sr-Latn', 'exact'],
  ['sr_BA_#Latn', 'sr sr-Latn', 'sr-Latn', 'related'],
  ['b+sr+Latn', 'sr sr-Latn', 'sr-Latn', 'exact'],
  ['sr-CS', 'sr sr-Latn', 'sr', 'exact'],
  ['az-Cyrl', 'en az', null],
  ['az-IR', 'en az', null],
  ['uz-AF', 'en uz', null],
  ['uz', 'en uz-Latn', 'uz-Latn', 'exact'],
  ['pa-PK', 'en pa', null],
  ['pa_IN', 'en pa', 'pa', 'exact'],
  ['en-AU', 'en-001 en', 'en-001', 'related'],
  ['en-AU', 'en es', 'en', 'related'],
  ['en-AU', 'en en-GB', 'en', 'related'],
  ['en-AU', 'en-US en-GB', 'en-GB', 'related'],
  ['en-GB', 'en-US es', 'en-US', 'related'],
  ['en', 'en-GB es', 'en-GB', 'related'],
  ['en-US', 'en en-US', 'en-US', 'exact'],
  ['en', 'en-US en', 'en', 'exact'],
  ['EN_us', 'en es', 'en', 'exact'],
  ['en-UK', 'en-US en-GB', 'en-GB', 'exact'],
  ['en-GB-oed', 'en-US en-GB', 'en-GB', 'related'],
  ['en_US.UTF-8', 'en es', 'en', 'exact'],
  ['en_US_POSIX', 'en es', 'en', 'exact'],
  ['en-US-u-ca-buddhist', 'en es', 'en', 'exact'],
  ['en_US@calendar=japanese;currency=USD', 'en es', 'en', 'exact'],
  ['eng', 'en es', 'en', 'exact'],
  ['de_DE@euro', 'de en', 'de', 'exact'],
  ['de-AT', 'de-DE en', 'de-DE', 'related'],
  ['de-1996', 'de en', 'de', 'related'],
  ['ca@valencia', 'ca ca-valencia', 'ca-valencia', 'exact'],
  ['ca_ES_valencia', 'ca es', 'ca', 'related'],
  ['es-MX', 'es-419 es', 'es-419', 'related'],
  ['es-MX', 'es en', 'es', 'related'],
  ['es-AR', 'es-ES es-MX', 'es-MX', 'related'],
  ['es-ES', 'es-419 en', 'es-419', 'related'],
  ['es-419', 'es-MX en', 'es-MX', 'related'],
  ['pt-AO', 'pt-BR pt-PT', 'pt-PT', 'related'],
  ['pt-PT', 'pt-BR pt-PT', 'pt-PT', 'exact'],
  ['pt', 'pt-PT pt-BR', 'pt-BR', 'exact'],
  ['pt-rBR', 'pt-BR en', 'pt-BR', 'exact'],
  ['pt-PT', 'en pt-BR', 'pt-BR', 'related'],
  ['th_TH_TH_#u-nu-thai', 'en th', 'th', 'exact'],
  ['ja_JP_JP', 'en ja', 'ja', 'exact'],
  ['hi-Latn', 'hi en', 'en', 'related'],
  ['ru-Latn', 'ru en', null],
  ['i-klingon', 'tlh en', 'tlh', 'exact'],
  ...[
    '',
    ' ',
    'C',
    'C.UTF-8',
    'POSIX',
    'und',
    'und-BR',
    'mul',
    'root',
    'English',
    'x-private',
    'i-default-x',
    'e',
    '12',
    'null',
    '-',
    '_US',
    'constructor',
    '\u0000',
    'en\u202Eus',
  ].map((device): [string, string, string | null] => [device, 'pt-BR de en', null]),
];

test.each(CASES)('%s of %s is %s', (device, campaign, gets, fit) => {
  expect(localeResolver(campaign.split(' '))(device)).toEqual(gets === null ? null : { locale: gets, fit });
});

test('no locale of CLDR has a parent in another script', () => {
  for (const [child, parent] of Object.entries(parents.supplemental.parentLocales.parentLocale)) {
    expect([child, tagOf(parent)?.script ?? tagOf(child)?.script]).toEqual([child, tagOf(child)?.script]);
  }
});

test('the order in which a campaign lists its locales decides nothing', () => {
  for (const [device, campaign] of CASES) {
    expect(localeResolver(campaign.split(' ').reverse())(device), device).toEqual(
      localeResolver(campaign.split(' '))(device),
    );
  }
});
