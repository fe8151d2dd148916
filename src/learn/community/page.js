// Makes the pages pleasant; everything works without it. Forms marked data-soft are sent in place: the answer is the page itself, of which the marked
// part is exchanged. Dialogs open over the page instead of on one of their own. A read to the end is told once, after a plausible time.
(() => {
  const page = document.documentElement
  page.classList.add('js')
  const find = (selector, from) => (from || document).querySelector(selector)

  async function swap(form, answer) {
    const next = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const names = (form.dataset.soft || 'main').split(' ')
    let changed = false
    for (const name of [...names, 'said', 'mine']) {
      const [now, then] = [document.getElementById(name), next.getElementById(name)]
      if (now && then) {
        now.replaceWith(document.adoptNode(then))
        changed = true
      }
    }
    if (!changed || !names.some((name) => document.getElementById(name))) return location.assign(answer.url)
    const said = document.getElementById('said')
    if (said && said.textContent.trim() !== '') said.focus({ preventScroll: false })
  }

  document.addEventListener('submit', async (event) => {
    const form = event.target
    if (form.dataset.soft === undefined || event.defaultPrevented) return
    event.preventDefault()
    const button = event.submitter
    const data = new URLSearchParams(new FormData(form, button))
    for (const one of form.querySelectorAll('button')) one.disabled = true
    try {
      const answer = await fetch(form.action, { method: 'POST', body: data, credentials: 'same-origin' })
      const dialog = form.closest('dialog')
      if (dialog) dialog.close()
      await swap(form, answer)
    } catch {
      form.submit()
    } finally {
      for (const one of form.querySelectorAll('button')) one.disabled = false
    }
  })

  document.addEventListener('click', async (event) => {
    const opener = event.target.closest('[data-dialog]')
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialog)
      if (dialog && dialog.showModal) {
        event.preventDefault()
        dialog.showModal()
      }
      return
    }
    const closer = event.target.closest('[data-close]')
    if (closer && closer.closest('dialog')) {
      event.preventDefault()
      return closer.closest('dialog').close()
    }
    const copier = event.target.closest('[data-copy]')
    if (copier) {
      event.preventDefault()
      const text = copier.dataset.copy
      try {
        await navigator.clipboard.writeText(text)
      } catch {
        const field = find('input[data-link]')
        if (field) {
          field.select()
          document.execCommand('copy')
        }
      }
      copier.textContent = copier.dataset.done
    }
  })

  document.addEventListener('change', (event) => {
    const field = event.target
    if (!field.dataset || !field.dataset.into || !field.files || !field.files[0]) return
    const reader = new FileReader()
    reader.onload = () => {
      document.getElementById(field.dataset.into).value = String(reader.result)
      const word = field.parentElement && field.parentElement.firstChild
      if (word && word.nodeType === 3) word.textContent = field.dataset.done
    }
    reader.readAsDataURL(field.files[0])
  })

  const tab = find('.tabs [aria-current]')
  if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - 16

  const article = find('article[data-kept]')
  const end = find('#end')
  if (article && end && 'IntersectionObserver' in window) {
    const started = performance.now()
    const least = Number(article.dataset.least) * 1000
    let reached = false
    let told = false
    let seen = 0
    const parts = [...article.querySelectorAll('[data-part]')]
    const tell = () => {
      if (told || !reached || document.visibilityState !== 'visible' || performance.now() - started < least || seen < parts.length * 0.6) return
      told = true
      const body = new URLSearchParams({ _token: article.dataset.token, read: article.dataset.kept, quiet: '1' })
      fetch(article.dataset.tell, { method: 'POST', body, credentials: 'same-origin', keepalive: true }).then((answer) => {
        const done = find('#readdone')
        if (answer.ok && done) done.hidden = true
      })
    }
    const watch = new IntersectionObserver((rows) => {
      for (const row of rows) {
        if (!row.isIntersecting) continue
        if (row.target === end) reached = true
        else seen++
        watch.unobserve(row.target)
      }
      tell()
    })
    for (const part of parts) watch.observe(part)
    watch.observe(end)
    setInterval(tell, 1000)
  }
})()
