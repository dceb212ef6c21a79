// Registers the service worker of the built pages, which then work offline.

// Without one, or where it is refused, the pages work as long as they are served.
if ('serviceWorker' in navigator)
  void navigator.serviceWorker.register('./service-worker.js').catch(error => {
    console.info('the pages are not kept for offline use', error)
  })
