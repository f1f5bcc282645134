import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ensureCredentials } from '../../infra/local/credentials.ts';
import { connectTls } from '../../workers/lanes/h2/connect.ts';

/**
 * HTTP/2 servers that nobody here wrote, each as a process of its own on a free port of loopback, with everything
 * it writes in a folder of its own. All of them answer 410 with APNs' body to tokens that end in `gone`, and 200 to the
 * others, and log the path and status of every request that they processed. One piece over 300 lines: a configuration of
 * each server, side by side, so that they are seen to answer alike.
 */
export type ServerName = 'nginx' | 'nghttpd' | 'caddy' | 'apache2' | 'h2o' | 'haproxy' | 'lighttpd';

/** These write what they have seen to their standard output. */
const LOGS_TO_STDOUT: ReadonlySet<ServerName> = new Set(['nghttpd', 'haproxy']);

export interface ForeignServer {
  url: string;
  host: string;
  port: number;
  /** CA certificate, PEM. */
  ca: string;
  pid: number;
  /** `path status` of every request that it processed, in order; path from behind `/3/device/`. Complete once it has stopped. */
  seen(): Promise<string[]>;
  signal(name: NodeJS.Signals): void;
  /** Ends the process and waits for it; what it logged can still be read. */
  end(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

interface Setting {
  dir: string;
  port: number;
  key: string;
  cert: string;
  log: string;
  own: readonly string[];
}
interface Recipe {
  args: string[];
  /** What a line of the log says, or null. */ line: (text: string) => string | null;
}

export const GONE = '{"reason":"Unregistered","timestamp":1771000000000}';
const START_DEADLINE_MS = 10_000;
const isRoot = process.getuid?.() === 0;

/** The binary, or null where it is not installed. */
export function binaryOf(name: ServerName | 'h2load' | 'taskset'): string | null {
  for (const dir of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']) {
    const file = join(dir, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return null;
}

/** Debian has the module in a package of its own. */
const LIGHTTPD_MODULES = ['/usr/lib/lighttpd', '/usr/lib64/lighttpd', '/usr/local/lib/lighttpd'];

/** What it can't be tried for, in words; null: it can. */
export function lackOf(name: ServerName, modules: readonly string[] = LIGHTTPD_MODULES): string | null {
  if (binaryOf(name) === null) return 'not installed';
  if (name !== 'lighttpd' || modules.some((dir) => existsSync(join(dir, 'mod_openssl.so')))) return null;
  return 'without mod_openssl';
}

/**
 * Starts one. `own`: what the test wants on top; nghttpd: arguments, the others: lines of configuration.
 * `pinTo`: `taskset` and its arguments, or nothing. `logs: false`: nothing is logged, for measurements.
 */
export async function startForeign(
  name: ServerName,
  options: { own?: readonly string[]; pinTo?: readonly string[]; logs?: boolean } = {},
): Promise<ForeignServer> {
  const binary = binaryOf(name);
  if (binary === null) throw new Error(`SERVER_MISSING: ${name} is not installed`);
  const dir = await mkdtemp(join(tmpdir(), `conformance-${name}-`));
  const credentials = await ensureCredentials(join(dir, 'credentials'));
  const ca = await readFile(credentials.caFile, 'utf8');
  const setting: Setting = {
    dir,
    port: await freePort(),
    key: join(dir, 'key.pem'),
    cert: join(dir, 'cert.pem'),
    log: options.logs === false ? '/dev/null' : join(dir, 'seen.log'),
    own: options.own ?? [],
  };
  await Promise.all([
    writeFile(setting.key, credentials.serverKey),
    writeFile(setting.cert, credentials.serverCert),
    writeFile(join(dir, 'seen.log'), ''),
  ]);
  // Apache leaves root's rights behind before it reads what it serves.
  await chmod(dir, 0o755);
  const recipe = await RECIPES[name](setting);
  const [command = '', ...args] = [...(options.pinTo ?? []), binary, ...recipe.args];
  // A file, because what a full pipe can't take is not logged by some.
  const output = await open(LOGS_TO_STDOUT.has(name) ? setting.log : join(dir, 'stdout.log'), 'a');
  const child = spawn(command, args, {
    cwd: dir,
    stdio: ['ignore', output.fd, 'pipe'],
    env: { PATH: process.env.PATH, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
  });
  const exited = once(child, 'exit');
  await output.close();
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
  };
  const stop = async (): Promise<void> => {
    await end();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await untilItListens(setting.port, ca, () => child.exitCode !== null);
  } catch (error) {
    await stop();
    throw new Error(`SERVER_DID_NOT_START: ${name} ${said}`, { cause: error });
  }
  return {
    url: `https://localhost:${setting.port}`,
    host: 'localhost',
    port: setting.port,
    ca,
    pid: child.pid ?? 0,
    seen: async () => (await readFile(setting.log, 'utf8')).split('\n').flatMap((text) => recipe.line(text) ?? []),
    signal: (signal) => {
      child.kill(signal);
    },
    end,
    stop,
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilItListens(port: number, ca: string, hasEnded: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  for (;;) {
    try {
      (await connectTls({ host: 'localhost', port, ca }, 2_000)).destroy();
      return;
    } catch (error) {
      if (hasEnded() || performance.now() > deadlineMs) throw error;
      await setTimeout(20);
    }
  }
}

const token = (path: string): string => path.slice(path.indexOf('/3/device/') + '/3/device/'.length);
const words = (text: string): string | null => {
  const [path, status] = text.split(' ');
  return path === undefined || status === undefined ? null : `${token(path)} ${status}`;
};

const RECIPES: Record<ServerName, (setting: Setting) => Promise<Recipe>> = {
  async nginx({ dir, port, key, cert, log, own }) {
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((kind) => `${kind}_temp_path ${dir}/${kind};`)
      .join(' ');
    await writeFile(
      join(dir, 'nginx.conf'),
      `
      daemon off; master_process off; pid ${dir}/nginx.pid; error_log ${dir}/error.log warn;
      events { worker_connections 4096; }
      http {
        ${temp}
        log_format seen '$uri $status';
        access_log ${log === '/dev/null' ? 'off' : `${log} seen`};
        default_type application/json;
        server {
          listen 127.0.0.1:${port} ssl http2;
          server_name localhost;
          ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3;
          ${own.join('\n')}
          location ~ gone$ { return 410 '${GONE}'; }
          location /3/device/ { return 200; }
          location /v1/projects/ { return 200 '{"name":"projects/p/messages/0:1"}'; }
        }
      }`,
    );
    return { args: ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')], line: words };
  },

  /** Serves files: a token is `ok?…`, whose query it drops, and what has no file is 404. */
  async nghttpd({ dir, port, key, cert, own }) {
    await mkdir(join(dir, 'htdocs/3/device'), { recursive: true });
    await writeFile(join(dir, 'htdocs/3/device/ok'), '');
    await writeFile(join(dir, 'htdocs/3/device/long'), 'x'.repeat(40_000));
    return {
      args: ['--address=127.0.0.1', '-v', '-d', join(dir, 'htdocs'), ...own, String(port), key, cert],
      line: (text) => {
        const path = /:path: (\S+)/.exec(text)?.[1];
        return path === undefined ? null : `${token(path)} ?`;
      },
    };
  },

  async caddy({ dir, port, key, cert, log, own }) {
    await writeFile(
      join(dir, 'Caddyfile'),
      `
      {
        admin off
        auto_https off
        default_bind 127.0.0.1
      }
      https://localhost:${port} {
        tls ${cert} ${key}
        log {
          output file ${log}
          format json
        }
        ${own.join('\n')}
        @gone path *gone
        respond @gone \`${GONE}\` 410
        respond 200
      }`,
    );
    return {
      args: ['run', '--config', join(dir, 'Caddyfile'), '--adapter', 'caddyfile'],
      line: (text) => {
        if (!text.startsWith('{')) return null;
        const entry = JSON.parse(text) as { request?: { uri: string }; status?: number };
        return entry.request === undefined || entry.status === undefined
          ? null
          : `${token(entry.request.uri)} ${entry.status}`;
      },
    };
  },

  async apache2({ dir, port, key, cert, log, own }) {
    await writeFile(join(dir, 'ok'), '');
    const modules = [
      'mpm_event',
      'authz_core',
      'alias',
      'rewrite',
      'ssl',
      'http2',
      'unixd',
      'log_config',
      'mime',
      'socache_shmcb',
    ];
    const load = modules
      .map(
        (name) => `<IfModule !${name}_module>\nLoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so\n</IfModule>`,
      )
      .join('\n');
    await writeFile(
      join(dir, 'httpd.conf'),
      `
ServerRoot ${dir}
ServerName localhost
PidFile ${dir}/httpd.pid
DefaultRuntimeDir ${dir}
${load}
${isRoot ? 'User #65534\nGroup #65534' : ''}
ErrorLog ${dir}/error.log
LogLevel warn
TypesConfig /dev/null
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
KeepAliveTimeout 60
Listen 127.0.0.1:${port}
LogFormat "%U %>s" seen
CustomLog ${log} seen
Protocols h2
${own.join('\n')}
SSLEngine on
SSLCertificateFile ${cert}
SSLCertificateKeyFile ${key}
<Directory ${dir}>
  Require all granted
</Directory>
DocumentRoot ${dir}
RewriteEngine on
RewriteRule gone$ - [R=410,L]
RewriteRule ^/3/device/ ${dir}/ok [L]
ErrorDocument 410 ${JSON.stringify(GONE)}
`,
    );
    return { args: ['-f', join(dir, 'httpd.conf'), '-D', 'FOREGROUND'], line: words };
  },

  /** Acknowledges our header table of 0 and goes on using its own. */
  async h2o({ dir, port, key, cert, log, own }) {
    await writeFile(
      join(dir, 'h2o.yaml'),
      `
num-threads: 1
${isRoot ? 'user: nobody' : ''}
error-log: ${dir}/error.log
access-log:
  path: ${log}
  format: "%U %>s"
listen:
  host: 127.0.0.1
  port: ${port}
  ssl:
    key-file: ${key}
    certificate-file: ${cert}
    ocsp-update-interval: 0
${own.join('\n')}
hosts:
  default:
    paths:
      "/":
        mruby.handler: |
          Proc.new do |env|
            if env["PATH_INFO"].end_with?("gone")
              [410, {"content-type" => "application/json"}, ['${GONE}']]
            else
              [200, {}, []]
            end
          end
`,
    );
    return { args: ['-c', join(dir, 'h2o.yaml')], line: words };
  },

  async haproxy({ dir, port, key, cert, log, own }) {
    await writeFile(join(dir, 'both.pem'), `${await readFile(cert, 'utf8')}\n${await readFile(key, 'utf8')}`);
    await writeFile(
      join(dir, 'haproxy.cfg'),
      `
global
  nbthread 1
  maxconn 1000
  ${log === '/dev/null' ? '' : 'log stdout format raw local0'}
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend push
  bind 127.0.0.1:${port} ssl crt ${dir}/both.pem alpn h2
  log global
  log-format "%HPO %ST"
  ${own.join('\n  ')}
  http-request return status 410 content-type application/json string '${GONE}' if { path_end gone }
  http-request return status 200
`,
    );
    return {
      args: ['-db', '-f', join(dir, 'haproxy.cfg')],
      line: (text) => (text.startsWith('/') ? words(text) : null),
    };
  },

  /** Serves a file to whoever asks for a device; a redirection of status 410 leads nowhere, and its page is APNs' body. */
  async lighttpd({ dir, port, key, cert, log, own }) {
    await mkdir(join(dir, 'htdocs'), { recursive: true });
    await writeFile(join(dir, 'htdocs/ok'), '');
    await writeFile(join(dir, '410.html'), GONE);
    await writeFile(
      join(dir, 'lighttpd.conf'),
      `
server.modules = ("mod_rewrite", "mod_redirect", "mod_accesslog", "mod_openssl")
server.document-root = "${dir}/htdocs"
server.errorlog = "${dir}/error.log"
server.errorfile-prefix = "${dir}/"
server.bind = "127.0.0.1"
server.port = ${port}
server.feature-flags = ("server.h2proto" => "enable")
ssl.engine = "enable"
ssl.pemfile = "${cert}"
ssl.privkey = "${key}"
accesslog.filename = "${log}"
accesslog.format = "%r %>s"
url.redirect = ("gone$" => "/")
url.redirect-code = 410
url.rewrite-once = ("^/3/device/(?!.*gone$)" => "/ok")
${own.join('\n')}
`,
    );
    return {
      args: ['-D', '-f', join(dir, 'lighttpd.conf')],
      line: (text) => {
        const [, path, status] = /^POST (\S+) \S+ (\d+)$/.exec(text) ?? [];
        return path === undefined || status === undefined ? null : `${token(path)} ${status}`;
      },
    };
  },
};

const APACHE_MODULES = '/usr/lib/apache2/modules';
