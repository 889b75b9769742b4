// How many of something there are, in words: 1 utterance, 2,620 utterances.
function amount(count, noun) { return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`; }
