// Follows a workspace with EventSource, which cannot set a header: each of its connections needs a ticket.
const TYPES = ['breaker.triggered', 'breaker.acknowledged', 'breaker.resolved', 'reset'];

export function follow(url, workspace, getTicket, told, lastId = '') {
  let source;
  const connect = async () => {
    const query = new URLSearchParams({ ticket: await getTicket(), ...(lastId && { lastEventId: lastId }) });
    source = new EventSource(`${url}/api/workspaces/${workspace}/quality/stream?${query}`);
    for (const type of TYPES) {
      source.addEventListener(type, (event) => {
        lastId = event.lastEventId;
        told(type, JSON.parse(event.data), lastId);
      });
    }
    // EventSource would connect again with the ticket that is used up.
    source.onerror = () => {
      source.close();
      setTimeout(connect, 2_000);
    };
  };
  connect();
  return () => source?.close();
}
