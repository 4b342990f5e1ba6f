// Unpacks the browser that an npm package carries.
// usage: node inflate.js PACKAGE FOLDER      FOLDER gets the program "chromium", and lib/ with libraries that the system may lack.
const fs = require('fs');
const path = require('path');
const zlib = require('zlib');
const { execFileSync } = require('child_process');

const [source, target] = process.argv.slice(2);
const unpack = (name, file, mode) =>
  fs.writeFileSync(path.join(target, file), zlib.brotliDecompressSync(fs.readFileSync(path.join(source, 'bin', name))), { mode });

fs.mkdirSync(target, { recursive: true });
unpack('chromium.br', 'chromium', 0o755);
for (const name of ['al2023', 'swiftshader']) {
  unpack(`${name}.tar.br`, `${name}.tar`, 0o644);
  execFileSync('tar', ['xf', path.join(target, `${name}.tar`), '-C', target]);
  fs.rmSync(path.join(target, `${name}.tar`));
}
