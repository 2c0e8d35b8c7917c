'use strict';
(() => {
  const at = id => document.getElementById(id);
  const [form, files, camera, drop, status, note, error, output] = ['form', 'files', 'camera', 'drop', 'status', 'note', 'error', 'output'].map(at);
  const provenance = 'AI description: ';
  let running = null; // AbortController of the run under way: the newest pictures win
  let shown = null; // address of the preview

  at('ways').hidden = false;
  at('camera-row').hidden = !matchMedia('(pointer: coarse)').matches;
  files.required = false; // pictures can come in other ways; what is missing is said below

  form.addEventListener('submit', event => { event.preventDefault(); start([...files.files]); });
  camera.addEventListener('change', () => start([...camera.files]));
  at('stop').addEventListener('click', () => { running?.abort(); finish('Stopped.'); at('go').focus(); });
  document.addEventListener('paste', event => {
    const pasted = [...event.clipboardData.files].filter(file => file.type.startsWith('image/'));
    if (pasted.length) { event.preventDefault(); start(pasted); }
  });
  addEventListener('dragover', event => { event.preventDefault(); drop.classList.add('over'); });
  addEventListener('dragleave', event => { if (!event.relatedTarget) drop.classList.remove('over'); });
  addEventListener('drop', event => { event.preventDefault(); drop.classList.remove('over'); start([...event.dataTransfer.files]); });
  at('history-clear').addEventListener('click', () => {
    at('history-list').replaceChildren();
    at('history').hidden = true;
    say('History cleared.', note);
    at('results-heading').focus();
  });

  function make(name, properties, ...children) {
    const { dataset, ...rest } = properties ?? {};
    const element = Object.assign(document.createElement(name), rest);
    Object.assign(element.dataset, dataset);
    element.append(...children);
    return element;
  }

  // A region that repeats its text is not read again: it is emptied first.
  function say(text, region = status) {
    region.textContent = '';
    requestAnimationFrame(() => { region.textContent = text; });
  }

  function fail(text) {
    finish('');
    error.textContent = text;
  }

  function finish(text) {
    running = null;
    at('stop').hidden = true;
    at('progress-row').hidden = true;
    at('results').removeAttribute('aria-busy');
    say(text);
  }

  async function start(pictures) {
    running?.abort();
    error.textContent = note.textContent = '';
    if (pictures.length === 0) {
      error.textContent = 'No picture is chosen.';
      files.focus();
      return;
    }
    if (!form.reportValidity()) return;
    const run = running = new AbortController();
    output.replaceChildren();
    at('results-heading').textContent = pictures.length > 1 ? 'Descriptions' : 'Description';
    at('results').setAttribute('aria-busy', 'true');
    at('stop').hidden = false;
    const working = setTimeout(() => { if (running === run) say(pictures.length > 1 ? `Describing ${pictures.length} pictures.` : 'Describing.'); }, 600);
    try {
      await (pictures.length > 1 ? describeMany(pictures, run) : describeOne(pictures[0], run));
    } catch (reason) {
      if (running === run) fail(reason.message);
    } finally {
      clearTimeout(working);
    }
  }

  async function describeOne(picture, run) {
    const caption = await request(picture, run);
    if (running !== run) return;
    showOne(picture, caption);
    remember(picture.name, caption.text);
    finish(provenance + caption.text + notes(caption));
  }

  async function describeMany(pictures, run) {
    const rows = pictures.map(picture => ({ picture, caption: null, error: null }));
    const { body, done } = showTable(rows);
    const progress = at('progress');
    progress.max = rows.length;
    progress.value = 0;
    at('progress-row').hidden = false;
    const waiting = rows.entries();
    const worker = async () => {
      for (const [index, row] of waiting) {
        try {
          row.caption = await request(row.picture, run);
          remember(row.picture.name, row.caption.text);
        } catch (reason) {
          if (run.signal.aborted) return;
          row.error = reason.message;
        }
        if (running !== run) return;
        const cells = body.rows[index].cells;
        cells[1].textContent = row.error ? 'No description' : row.caption.text;
        cells[2].textContent = row.error ?? row.caption.warnings.join(' ');
        progress.value++;
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]); // the server gathers them into batches
    if (running !== run) return;
    const bad = rows.filter(row => row.error).length;
    done();
    finish(`${rows.length - bad} pictures described${bad ? `, ${bad} could not be` : ''}. The table follows.`);
  }

  // While the model loads or the server is busy it says when to come back.
  async function request(picture, run) {
    if (picture.size > Number(document.body.dataset.maxBytes))
      throw new Error(`${picture.name} is too large: ${Math.ceil(picture.size / 1048576)} MB; at most ${Math.floor(document.body.dataset.maxBytes / 1048576)} MB can be sent.`);
    const query = new URLSearchParams();
    for (const field of form.querySelectorAll('input[type=number]'))
      if (field.value) query.set(field.name, field.value);
    const key = at('key')?.value;
    for (let attempt = 0; ; attempt++) {
      let response;
      try {
        response = await fetch(`/api/captions?${query}`, {
          method: 'POST', body: picture, signal: run.signal,
          headers: { 'Content-Type': 'application/octet-stream', ...(key ? { Authorization: `Bearer ${key}` } : {}) },
        });
      } catch (reason) {
        if (run.signal.aborted) throw reason;
        throw new Error('The server cannot be reached. Is it still running?');
      }
      const answer = await response.json().catch(() => ({}));
      if (response.ok) return answer.captions[0];
      if ((response.status !== 503 && response.status !== 429) || attempt === 30)
        throw new Error(answer.detail ?? `The server answered ${response.status}.`);
      if (attempt === 0 && response.status === 503) say('The model is still loading. Waiting.');
      await new Promise(resolve => setTimeout(resolve, 1000 * Number(response.headers.get('Retry-After') ?? 2)));
      run.signal.throwIfAborted();
    }
  }

  function notes(caption) {
    return caption.warnings.length ? '. ' + caption.warnings.join(' ') : '';
  }

  function showOne(picture, caption) {
    if (shown) URL.revokeObjectURL(shown);
    shown = URL.createObjectURL(picture);
    const image = make('img', { className: 'preview', src: shown, alt: '' }); // the description stands above it
    image.addEventListener('error', () => image.remove());
    output.append(image); // the status above is the description, once for eyes and ears
    const actions = make('p', { className: 'actions' }, button('Copy', () => copy(caption.text)));
    if ('speechSynthesis' in window) actions.append(speaker(caption.text));
    output.append(actions);
    if (caption.alternatives.length)
      output.append(make('details', {}, make('summary', {}, `Other descriptions (${caption.alternatives.length})`),
        make('ol', {}, ...caption.alternatives.map(other => make('li', {}, other.text)))));
  }

  function showTable(rows) {
    const body = make('tbody', {}, ...rows.map(row => make('tr', {}, make('th', { scope: 'row' }, row.picture.name), make('td', {}, 'Waiting'), make('td'))));
    const head = make('thead', {}, make('tr', {}, ...['Picture', 'AI description', 'Notes'].map(text => make('th', { scope: 'col' }, text))));
    const region = make('div', { className: 'scroll', tabIndex: 0 }, make('table', {}, make('caption', {}, 'Descriptions by AI, one row a picture'), head, body));
    region.setAttribute('role', 'region');
    region.setAttribute('aria-label', 'Table of descriptions');
    output.append(region);
    const plain = () => rows.map(row => ({ image: row.picture.name, text: row.caption?.text ?? null, score: row.caption?.score ?? null, warnings: row.caption?.warnings ?? [], error: row.error }));
    const done = () => output.append(make('p', { className: 'actions' },
      button('Download as CSV', () => save('descriptions.csv', 'text/csv', toCsv(plain()))),
      button('Download as JSON', () => save('descriptions.json', 'application/json', JSON.stringify(plain(), null, 2)))));
    return { body, done };
  }

  // A spreadsheet takes what begins with these characters for a formula.
  function toCsv(rows) {
    const cell = value => `"${String(value ?? '').replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
    return '\uFEFF' + [['image', 'text', 'warnings', 'error'], ...rows.map(row => [row.image, row.text, row.warnings.join(' '), row.error])]
      .map(line => line.map(cell).join(',')).join('\r\n') + '\r\n';
  }

  function save(name, type, text) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    make('a', { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    say(`${name} is saved.`, note);
  }

  function button(text, action) {
    const element = make('button', { type: 'button' }, text);
    element.addEventListener('click', action);
    return element;
  }

  function speaker(text) {
    const element = button('Read aloud', () => {
      if (speechSynthesis.speaking) { speechSynthesis.cancel(); return; }
      const utterance = new SpeechSynthesisUtterance(provenance + text);
      utterance.lang = 'en';
      utterance.onstart = () => { element.textContent = 'Stop reading'; };
      utterance.onend = utterance.onerror = () => { element.textContent = 'Read aloud'; };
      speechSynthesis.speak(utterance);
    });
    return element;
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      say('Copied.', note);
    } catch {
      error.textContent = 'The browser does not allow copying here. Select the text instead.';
    }
  }

  function remember(name, text) {
    at('history-list').prepend(make('li', {}, make('span', { className: 'name' }, name), provenance + text));
    at('history').hidden = false;
  }
})();
