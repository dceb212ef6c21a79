// Entry of the page.
import { start } from './page.js'

start(document.querySelector('output'))
