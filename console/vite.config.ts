import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// `npm run dev` in this folder serves the console with live reload and passes the API on to a running server (QZ_PORT, default 8080).
const server = `http://127.0.0.1:${process.env.QZ_PORT ?? '8080'}`

export default defineConfig({
  plugins: [react()],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1400, reportCompressedSize: false },
  server: { proxy: { '/api': server, '/login': server } },
})
