// Classic script by esbuild, which has no `import.meta`: for the inline entry.
import { build } from 'esbuild'

await build({ entryPoints: ['main.js'], bundle: true, format: 'iife', outdir: 'dist' })
