import { defineConfig, type Plugin } from "vite";
import { licenses } from "./licenses.ts";
import { world } from "./world.ts";

/** `import address from "virtual:world"`: the address of the outline of the world. */
function outline(): Plugin {
  return {
    name: "outline",
    resolveId: (name) => (name === "virtual:world" ? "\0world" : null),
    load(name) {
      if (name !== "\0world") return null;
      const file = this.emitFile({ type: "asset", name: "world.json", source: world() });
      return `export default import.meta.ROLLUP_FILE_URL_${file};`;
    },
  };
}

/** Has the browser fetch what the map needs while it still reads the page. */
function early(): Plugin {
  return {
    name: "early",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        const map = Object.keys(bundle ?? {}).filter((name) => /assets\/map-.*\.js$/.test(name));
        return map.map((name) => ({
          tag: "link",
          injectTo: "head" as const,
          attrs: { rel: "modulepreload", href: `/portal/${name}`, crossorigin: true },
        }));
      },
    },
  };
}

/** The terms of what is built in, in one file that travels along. */
function terms(): Plugin {
  return {
    name: "terms",
    resolveId: (name) => (name === "virtual:terms" ? "\0terms" : null),
    load(name) {
      if (name !== "\0terms") return null;
      const file = this.emitFile({ type: "asset", name: "licenses.txt", source: licenses() });
      return `export default import.meta.ROLLUP_FILE_URL_${file};`;
    },
  };
}

/** What names a source map that does not travel. */
function withoutMaps(): Plugin {
  return {
    name: "without-maps",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "asset" && file.fileName.endsWith(".mjs"))
          file.source = file.source.toString().replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, "\n");
      }
    },
  };
}

export default defineConfig({
  base: "/portal/",
  plugins: [outline(), terms(), early(), withoutMaps()],
  build: {
    outDir: "../src/wadati/api/portal/built",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    sourcemap: false,
    target: "es2022",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
});
