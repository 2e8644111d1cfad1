// Calls may come before the script is there: they wait in an array.
window.sb = window.sb || [];

document.querySelector('#agree').addEventListener('click', () => {
  window.sb.push(['consent', true]);
  window.sb.push(['identify', 'u-1']); // your own id; Signalbox keeps a pseudonym
  window.sb.push(['track', 'agreed', { form: '1040' }]);
  window.sb.push(['survey', 5, 'That was quick']);
});
