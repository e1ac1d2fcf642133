import fs from 'node:fs';
import path from 'node:path';

const TEXTS = /^(licen[cs]e|copying|notice|third-?party-?notices)(\.(md|txt))?$/i;

/**
 * Writes LICENSES.txt: the name, version and licence texts of every package that the
 * bundle contains. Vite's own build.license omits the workers, which are separate
 * bundles, so two plugins share one list. The list is sorted and contains no dates or
 * paths, so that the same lockfile gives the same bytes.
 */
export function licences(product) {
  const bundled = new Set();
  const addPackages = (modules) => {
    for (const id of modules) {
      const folder = packageFolder(id);
      if (folder) bundled.add(folder);
    }
  };
  const modulesOf = (bundle) =>
    Object.values(bundle).flatMap((file) => file.moduleIds ?? []);

  return {
    ofWorkers: {
      name: 'licences-of-workers',
      generateBundle(_options, bundle) {
        addPackages(modulesOf(bundle));
      },
    },
    ofPage: {
      name: 'licences',
      generateBundle(_options, bundle) {
        addPackages(modulesOf(bundle));
        // Style sheets are removed from the chunks before this hook runs.
        addPackages([...this.getModuleIds()].filter((id) => /\.css($|\?)/.test(id)));
        this.emitFile({
          type: 'asset',
          fileName: 'LICENSES.txt',
          source: document(product, [...bundled]),
        });
      },
    },
  };
}

function packageFolder(id) {
  return /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(id.replace(/^\0/, ''))?.[0];
}

function document(product, folders) {
  const sections = folders.map((folder) => {
    const { name, version, license } = JSON.parse(
      fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
    );
    const texts = fs
      .readdirSync(folder)
      .filter((file) => TEXTS.test(file))
      .sort()
      .map((file) => fs.readFileSync(path.join(folder, file), 'utf8'));
    if (!license && !texts.length) {
      throw new Error(`${name} ${version} is bundled and has no licence`);
    }
    return [`${name} ${version} (${license})`, ...texts]
      .map((text) => text.replaceAll('\r\n', '\n').trim())
      .join('\n\n');
  });
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  const unique = [...new Set(sections)].sort();
  return (
    `${product} contains these packages.${rule}` + unique.join(rule) + '\n'
  );
}
