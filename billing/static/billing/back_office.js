/* Tabs are measured once, when the page has loaded, at times before its fonts and its width are what
   they will be: those that were put away for want of room come back once there is room. */
window.addEventListener("load", () => {
    const away = document.getElementById("tabs-dropdown");
    if (!away) return;
    const bringBack = () => {
        // Each resize brings one.
        for (let left = away.childElementCount; left > 0; left -= 1) window.dispatchEvent(new Event("resize"));
    };
    // After those who listen to the load too: one of them puts the tabs away.
    setTimeout(() => {
        document.fonts.ready.then(bringBack);
        new ResizeObserver(bringBack).observe(document.getElementById("content"));
    });
});
