// Reads all rows of the blotter, also those that enter the document only by scrolling.
import type { Page } from "@playwright/test";

export interface BlotterRow {
  id: string;
  status: string;
  amount: string;
}

// In the order of the list. A row that never became visible is empty.
export function rowsOf(page: Page): Promise<BlotterRow[]> {
  return page.locator(".list-box").evaluate(async (box) => {
    const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const total = Number(box.getAttribute("aria-rowcount")) - 1;
    const rows = Array.from({ length: total }, () => ({ id: "", status: "", amount: "" }));
    const text = (row: Element, selector: string) =>
      row.querySelector(selector)?.textContent?.trim() ?? "";
    for (let top = 0; ; top += box.clientHeight / 2) {
      box.scrollTop = top;
      for (let frame = 0; frame < 3; frame++) await drawn();
      for (const row of box.querySelectorAll(".row:not(.head)")) {
        rows[Number(row.getAttribute("aria-rowindex")) - 2] = {
          id: row.id.replace(/^row-/, ""),
          status: text(row, ".badge"),
          amount: text(row, ".amount"),
        };
      }
      if (top + box.clientHeight >= box.scrollHeight) break;
    }
    box.scrollTop = 0;
    return rows;
  });
}
