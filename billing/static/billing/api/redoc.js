// Shows the API document in the page's main element, with the fonts of the reader's system.
"use strict";

(() => {
  // The library's own badge would ask another host for its logo.
  const isOurs = (address) => new URL(address, location.href).origin === location.origin;
  const image = HTMLImageElement.prototype;
  const { set, ...source } = Object.getOwnPropertyDescriptor(image, "src");
  Object.defineProperty(image, "src", {
    ...source,
    set(address) {
      if (isOurs(address)) set.call(this, address);
    },
  });
  const setAttribute = image.setAttribute;
  image.setAttribute = function (name, value) {
    if (name !== "src" || isOurs(value)) setAttribute.call(this, name, value);
  };

  const main = document.getElementById("redoc");
  const sans = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
  const mono = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";
  window.Redoc.init(
    main.dataset.schema,
    {
      disableSearch: false,
      expandResponses: "200,201",
      hideDownloadButton: true,
      jsonSampleExpandLevel: 4,
      nativeScrollbars: true,
      pathInMiddlePanel: true,
      requiredPropsFirst: true,
      scrollYOffset: ".bar",
      theme: {
        colors: { primary: { main: "#3730a3" } },
        sidebar: { backgroundColor: "#f8fafc", textColor: "#1e293b" },
        rightPanel: { backgroundColor: "#1e293b" },
        typography: {
          fontFamily: sans,
          fontSize: "15px",
          headings: { fontFamily: sans, fontWeight: "600" },
          code: { fontFamily: mono, fontSize: "13px", wrap: false },
        },
      },
    },
    main,
  );
})();
