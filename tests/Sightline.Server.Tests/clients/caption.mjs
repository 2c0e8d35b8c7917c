// Captions a picture through a running server with the npm packages that programs use: node caption.mjs ADDRESS MODEL PICTURE
// Prints one JSON object.
import { readFile } from 'node:fs/promises';
import { InferenceClient } from '@huggingface/inference';
import OpenAI from 'openai';

const [address, model, path] = process.argv.slice(2);
const bytes = await readFile(path);
const picture = new Blob([bytes], { type: 'image/png' });
const results = {};

const huggingFace = new InferenceClient('').endpoint(address);
results.huggingFace = (await huggingFace.imageToText({ data: picture })).generated_text;
results.huggingFaceByModel = (await new InferenceClient('').endpoint(`${address}/models/${model}`).imageToText({ data: picture })).generated_text;

const openai = new OpenAI({ apiKey: 'none', baseURL: `${address}/v1`, maxRetries: 0 });
const messages = [{
  role: 'user',
  content: [
    { type: 'text', text: 'What is in this picture?' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${bytes.toString('base64')}` } },
  ],
}];
results.models = (await openai.models.list()).data.map(entry => entry.id);
const completion = await openai.chat.completions.create({ model, messages, logprobs: true, top_logprobs: 2, max_tokens: 30 });
results.openai = completion.choices[0].message.content;
results.openaiTokens = completion.choices[0].logprobs.content.map(token => token.token).join('');
results.openaiChoices = (await openai.chat.completions.create({ model, messages, n: 2 })).choices.map(choice => choice.message.content);
results.openaiStream = '';
for await (const chunk of await openai.chat.completions.create({ model, messages, stream: true }))
  results.openaiStream += chunk.choices[0]?.delta?.content ?? '';
results.openaiError = await openai.chat.completions.create({ model, messages, stop: ['.'] }).then(() => null, error => ({ status: error.status, code: error.code, param: error.param }));
console.log(JSON.stringify(results));
