import { appendFileSync } from 'node:fs';

/** Both tests here load it, and each time that it is loaded it writes a line: the tool's own test counts them. */
const file = process.env['GOBUTTON_SAMPLE_LOADS'];
if (file !== undefined) appendFileSync(file, 'loaded\n');
