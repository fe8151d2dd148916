import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { cssVariables } from './ui/tokens.ts'
import './ui/base.css'

// Tokens stand before the first paint, in the theme that was chosen last.
const dark = localStorage.getItem('qz.theme') === 'dark' || (localStorage.getItem('qz.theme') === null && matchMedia('(prefers-color-scheme: dark)').matches)
const sheet = document.createElement('style')
sheet.id = 'tokens'
sheet.textContent = cssVariables(dark ? 'dark' : 'light', localStorage.getItem('qz.language') === 'en' ? 'en' : 'zh')
document.head.append(sheet)

createRoot(document.getElementById('root')!).render(<App />)
