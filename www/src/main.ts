import './pages/page.ts'
